import { join } from 'node:path';
import {
  ensureDir,
  isSystemError,
  listFiles,
  readText,
  writeFileAtomic,
} from '../../../platform/files.ts';
import { removeFile } from '../../../platform/replace-text.ts';
import type { GadgetFunction } from './gadget-step.ts';

/** What people and PiKVM's tools can read of a function. */
type FunctionMeta = Pick<GadgetFunction, 'description' | 'endpoints'>;

const SUFFIX = '@meta.json';

/** Writes one file for each function, `hid.usb0@meta.json`, that all may read. */
export async function writeMeta(dir: string, functions: readonly GadgetFunction[]): Promise<void> {
  await ensureDir(dir, 0o755);
  for (const { name, description, endpoints, starter } of functions) {
    const text = JSON.stringify({ function: name, description, endpoints, starter });
    await writeFileAtomic(join(dir, `${name}${SUFFIX}`), `${text}\n`, { mode: 0o644 });
  }
}

/** Removes them all. */
export async function removeMeta(dir: string): Promise<void> {
  const names = (await listFiles(dir)) ?? [];
  for (const name of names) if (name.endsWith(SUFFIX)) await removeFile(join(dir, name));
}

/** What is written of a function; undefined where nothing is that can be read. */
export async function readMeta(dir: string, name: string): Promise<FunctionMeta | undefined> {
  try {
    const meta: unknown = JSON.parse((await readText(join(dir, `${name}${SUFFIX}`))) ?? 'null');
    if (typeof meta !== 'object' || meta === null) return undefined;
    const { description, endpoints } = meta as Record<string, unknown>;
    const isWhole = typeof description === 'string' && typeof endpoints === 'number';
    return isWhole ? { description, endpoints } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error, 'EACCES')) return undefined;
    throw error;
  }
}
