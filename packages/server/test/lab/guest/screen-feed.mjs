// screen-feed.mjs PORT WIDTH HEIGHT DEVICE: whoever connects sends pictures of UYVY, which an HDMI output
// of the kernel shows, each until the next. v4l2-ctl holds the output; it takes its first pictures for
// its buffers, so the first one is given that often.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const [port, width, height, device] = process.argv.slice(2);
const BUFFERS = 3;
const format = `width=${width},height=${height},pixelformat=UYVY`;
const output = spawn(
  'v4l2-ctl',
  [
    '-d',
    device,
    `--set-fmt-video-out=${format}`,
    `--stream-out-mmap=${BUFFERS}`,
    '--stream-from=-',
  ],
  { stdio: ['pipe', 'inherit', 'inherit'] },
);
output.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
const blank = Buffer.alloc(width * height * 2, Buffer.from([0x80, 0x10]));
for (let buffer = 0; buffer < BUFFERS; buffer += 1) output.stdin.write(blank);
createServer((socket) => {
  socket.on('error', () => undefined);
  socket.pipe(output.stdin, { end: false });
}).listen(Number(port), '0.0.0.0', () => console.log('listening'));
