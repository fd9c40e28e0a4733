import { expect, it, vi } from 'vitest';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = 'one and only';
const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
const CONFIG = `
qemu: {accel: tcg, memory: 64}
kvmd:
  snapshot: {idle_interval: 1, online_delay: 0, wakeup_key: ShiftLeft, wakeup_move: 10}
  streamer: {shutdown_delay: 0.1}
`;

interface StreamerResult {
  readonly streamer: unknown;
  readonly snapshot: { readonly saved: { readonly width: number } | null };
}

it('keeps a picture of a machine that nobody watches, and serves it', async () => {
  await using state = new StateDirectory();
  const server = await ServerProcess.start(
    ['--state', state.path, '--port', '0', '--config', state.config(CONFIG)],
    { CRASHCART_PASSWORD: PASSWORD },
  );
  try {
    const read = async () =>
      (await http(`${server.url}api/streamer`, { headers })).result() as StreamerResult;
    await vi.waitFor(
      async () => {
        const { streamer, snapshot } = await read();
        expect(snapshot.saved?.width).toBeGreaterThan(0);
        // It runs for the picture only.
        expect(streamer).toBeNull();
      },
      { timeout: 30_000, interval: 50 },
    );
    const kept = await http(`${server.url}api/streamer/snapshot?load=1`, { headers });
    expect(kept.status).toBe(200);
    expect(kept.headers['x-ustreamer-online']).toBe('true');
    expect(kept.body.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  } finally {
    await server.end('SIGINT');
  }
});
