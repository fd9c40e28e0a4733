import { isSystemError } from './files.ts';
import { programAnswer } from './program-answer.ts';

/** Loads a module of the kernel and what it needs; says why when that does not work. Needs root. */
export async function loadKernelModule(
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { code, err } = await programAnswer(['modprobe', name], '', signal);
    return code === 0 ? undefined : err.trim() || `modprobe ends with ${code}`;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'modprobe is not installed';
    throw error;
  }
}
