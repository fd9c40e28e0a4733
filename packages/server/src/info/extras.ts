import { join } from 'node:path';
import { type ExtraInfo, extraInfo, type InfoState } from '@crashcart/api';
import { parse } from 'yaml';
import { z } from 'zod';
import { listSystemDir, readSystemText } from '../platform/system-files.ts';
import { type UnitSources, unitStatus } from './systemd-units.ts';

/** PiKVM's manifest.yaml of one further service. */
const manifest = z.looseObject({
  name: z.string(),
  description: z.string().default(''),
  icon: z.string(),
  path: z.string(),
  place: z.int().default(0),
  daemon: z.string().optional(),
  /** A slash path into the configuration. */
  port: z.string().optional(),
});

/** Where the manifests and what they name are found. */
export interface ExtrasSources extends UnitSources {
  /** A folder per service, each with a manifest.yaml; undefined = there are none. */
  readonly extrasDir: string | undefined;
  /** The value at a slash path of the configuration, such as `vnc/server/port`. */
  readonly configValue: (path: string) => unknown;
}

/**
 * The category `extras`: every manifest by its folder's name (odd characters become `_`), with the
 * state of its service. A broken manifest is left out and told to `onBroken`; null when the folder
 * cannot be listed. Never rejects.
 */
export async function readExtras(
  sources: ExtrasSources,
  onBroken: (path: string, cause: unknown) => void = () => {},
): Promise<InfoState['extras']> {
  const { extrasDir } = sources;
  if (extrasDir === undefined) return {};
  const folders = await listSystemDir(extrasDir);
  if (folders === undefined) return null;
  const entries = await Promise.all(
    folders.map(async (folder): Promise<readonly [string, ExtraInfo] | undefined> => {
      const path = join(extrasDir, folder, 'manifest.yaml');
      const text = await readSystemText(path);
      if (text === undefined) return undefined;
      try {
        return [folder.replace(/[^\w-]/g, '_'), await readExtra(sources, text)];
      } catch (error) {
        onBroken(path, error);
        return undefined;
      }
    }),
  );
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

async function readExtra(sources: ExtrasSources, text: string): Promise<ExtraInfo> {
  // Through JSON for the same reason as the meta file: no alias may point to itself.
  const { port, ...rest } = manifest.parse(
    JSON.parse(JSON.stringify(parse(text, { logLevel: 'silent' })) ?? 'null'),
  );
  const configured = port === undefined ? undefined : sources.configValue(port);
  const status = rest.daemon === undefined ? undefined : await unitStatus(sources, rest.daemon);
  return extraInfo.parse({
    ...rest,
    ...(port === undefined ? {} : { port: Number.isSafeInteger(configured) ? configured : 0 }),
    enabled: status?.enabled ?? true,
    started: status?.started ?? true,
  });
}
