import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../scripts/build-test-guest.mjs', import.meta.url));
// Not to its end: the shell asks the terminal where the cursor is behind each prompt.
const READY = /guest# /;

/** Arguments of QEMU for the Linux guest, with more for its kernel. */
function guestArguments(more = '') {
  const path = execFileSync(process.execPath, [BUILD], { encoding: 'utf8' }).trim();
  const { kernel, initrd, append } = JSON.parse(readFileSync(path, 'utf8'));
  return ['-kernel', kernel, '-initrd', initrd, '-append', `${append}${more}`];
}

/** Configuration of a machine that boots it with a text console of 720x400. */
export function textMachine() {
  return `qemu: {accel: tcg, memory: 256, extra_args: ${JSON.stringify(guestArguments())}}\n`;
}

/** Arguments of QEMU for the Linux guest with a console of 1920x1080. */
export function busyArguments() {
  const extra = guestArguments(' framebuffer');
  extra.push('-global', 'VGA.xres=1920', '-global', 'VGA.yres=1080');
  return extra;
}

/** Configuration of a machine that boots it. */
export function busyMachine() {
  return `qemu: {accel: tcg, memory: 256, extra_args: ${JSON.stringify(busyArguments())}}\n`;
}

/** An emulated guest boots in 7 s on a calm machine, and much slower beside other work. */
const BOOT_MS = 180_000;

/** Waits for the guest's shell and has it fill its screen with text for ever. */
export async function keepBusy(state) {
  const socket = connect(join(state, 'machines', 'default', 'serial.sock'));
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const signal = AbortSignal.timeout(BOOT_MS);
  const nudge = setInterval(() => socket.write('\n'), 1000);
  while (!READY.test(text)) {
    await once(socket, 'data', { signal }).catch((cause) => {
      throw new Error(`The guest did not boot to its shell within ${BOOT_MS} ms`, { cause });
    });
  }
  clearInterval(nudge);
  socket.write('while :; do dmesg; done > /dev/tty1 &\n');
  return socket;
}

/** What the streamer of this server shows, e.g. `{ width: 1920, height: 1080 }`. */
export async function resolutionOf(url, headers) {
  const answer = await fetch(new URL('/api/streamer', url), { headers });
  return (await answer.json()).result.streamer?.source.resolution;
}

/** An MJPEG viewer; a stalled one stops reading after its first bytes. Counts bytes and pictures. */
export async function watch(url, headers, { stalled = false } = {}) {
  const viewer = { bytes: 0, pictures: 0, close: () => request.destroy() };
  const request = get(new URL('/streamer/stream?extra_headers=1', url), { headers, agent: false });
  request.on('error', () => undefined);
  const [answer] = await once(request, 'response');
  if (answer.statusCode !== 200) throw new Error(`no stream: ${answer.statusCode}`);
  answer.on('error', () => undefined);
  answer.on('data', (chunk) => {
    viewer.bytes += chunk.length;
    viewer.pictures += chunk.includes('--boundarydonotcross') ? 1 : 0;
    if (stalled) answer.pause();
  });
  return viewer;
}
