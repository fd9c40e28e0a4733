import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';

/** Types of NAL units (ITU-T H.264, table 7-1). */
export const [SPS, PPS, IDR, SLICE, SEI] = [7, 8, 5, 1, 6] as const;

/** 0..255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Types of the NAL units of a byte stream. */
export function nalTypes(unit: Buffer): readonly number[] {
  const types: number[] = [];
  for (
    let at = unit.indexOf('000001', 0, 'hex');
    at >= 0;
    at = unit.indexOf('000001', at + 3, 'hex')
  ) {
    types.push((unit[at + 3] ?? 0) & 0x1f);
  }
  return types;
}

/** What FFmpeg makes of a byte stream: the middle pixel of each picture. */
export async function middles(
  stream: Buffer,
  width: number,
  height: number,
): Promise<readonly Colour[]> {
  const ffmpeg = spawn(
    'ffmpeg',
    [
      ...['-loglevel', 'error', '-f', 'h264', '-i', 'pipe:0', '-fps_mode', 'passthrough'],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const chunks: Buffer[] = [];
  ffmpeg.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  ffmpeg.stdin.end(stream);
  expect((await once(ffmpeg, 'close'))[0]).toBe(0);
  const all = Buffer.concat(chunks);
  const size = width * height * 3;
  expect(all.length % size).toBe(0);
  return Array.from({ length: all.length / size }, (_, index) => {
    const at = index * size + (Math.floor(height / 2) * width + Math.floor(width / 2)) * 3;
    return [all[at] ?? 0, all[at + 1] ?? 0, all[at + 2] ?? 0];
  });
}

/** As near as half the colours allow. */
export const isNear = (one: Colour | undefined, other: Colour) =>
  one?.every((part, index) => Math.abs(part - (other[index] ?? 0)) < 12);

/** Runs in the page: the first picture that WebCodecs makes of a stream. */
export async function decodeFirst(url: string) {
  const canvas = new OffscreenCanvas(1, 1);
  const frame = await new Promise<VideoFrame>((resolve, reject) => {
    const decoder = new VideoDecoder({ output: resolve, error: reject });
    decoder.configure({ codec: 'avc1.42E01F', optimizeForLatency: true });
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    let timestamp = 0;
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const type = timestamp === 0 ? 'key' : 'delta';
      decoder.decode(new EncodedVideoChunk({ type, timestamp: timestamp++, data }));
    };
  });
  const size = [frame.displayWidth, frame.displayHeight];
  canvas.getContext('2d')?.drawImage(frame, -640, -360);
  const [red = 0, green = 0, blue = 0] =
    canvas.getContext('2d')?.getImageData(0, 0, 1, 1).data ?? [];
  return { size, middle: [red, green, blue] as const };
}
