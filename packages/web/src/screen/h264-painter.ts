import { fitCanvas } from './canvas-size.ts';
import { DecodeGate } from './decode-gate.ts';
import { codecOf, parseH264 } from './h264-units.ts';
import type { Painter, PainterPort } from './painter.ts';

const US_PER_MS = 1_000;

/** Draws H.264 by WebCodecs. A decoder that fails is made anew, from a key frame on. */
export function paintH264(port: PainterPort): Painter {
  const gate = new DecodeGate(port.askForKey);
  let decoder: VideoDecoder | undefined;
  let codec: string | undefined;

  const fail = () => {
    close();
    if (port.ended()) return;
    port.failed();
    port.askForKey();
  };
  const close = () => {
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
    decoder = undefined;
    codec = undefined;
  };
  const draw = (frame: VideoFrame) => {
    const { context } = port;
    if (context !== null && !port.ended()) {
      fitCanvas(context.canvas, frame.displayWidth, frame.displayHeight);
      context.drawImage(frame, 0, 0);
      port.drew();
    }
    frame.close();
  };
  const decode = (key: boolean, data: Uint8Array<ArrayBuffer>) => {
    const named = key ? codecOf(data) : undefined;
    if (named !== undefined && named !== codec) {
      close();
      const made = new VideoDecoder({
        output: draw,
        error: () => {
          // One that was replaced may still tell.
          if (decoder === made) fail();
        },
      });
      // Without a description the decoder takes a byte stream (annex B).
      made.configure({ codec: named, optimizeForLatency: true });
      decoder = made;
      codec = named;
    }
    const timestamp = performance.now() * US_PER_MS;
    decoder?.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp, data }));
  };
  return {
    take(message) {
      const unit = parseH264(message);
      if (unit === undefined) return false;
      // A new decoder begins at a key frame, whatever the gate knows.
      const isReady = decoder !== undefined || unit.key;
      const waiting = decoder?.decodeQueueSize ?? 0;
      if (!isReady || !gate.admits(unit.key, waiting, performance.now())) port.dropped(1);
      else {
        try {
          decode(unit.key, unit.data);
        } catch {
          fail();
        }
      }
      return true;
    },
    remind: () => gate.remind(performance.now()),
    close,
  };
}
