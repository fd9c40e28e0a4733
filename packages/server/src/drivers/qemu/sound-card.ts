import type { QmpClient } from './qmp-client.ts';

/** A device that plays somewhere, in what `info qtree` tells: the speaker of a PC names nothing. */
const PLAYS = /^ *audiodev = "[^"]+"/m;

/**
 * Whether the machine has a sound card or speaker with an audio device (QMP knows of no better
 * question before QEMU 8). False where QEMU does not say.
 */
export async function hasSoundCard(client: QmpClient, timeoutMs?: number): Promise<boolean> {
  const command = { 'command-line': 'info qtree' };
  try {
    const tree = await client.execute('human-monitor-command', command, undefined, timeoutMs);
    return PLAYS.test(String(tree));
  } catch {
    return false;
  }
}
