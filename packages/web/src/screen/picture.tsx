import { useEffect, useRef, useState } from 'preact/hooks';
import { address } from '../api.ts';
import { backoffMs } from '../state/backoff.ts';
import { link } from '../state/connection.ts';
import { type MediaStreamListener, probePaths, streamMedia } from './media-stream.ts';
import type { VideoPath } from './paths.ts';
import {
  drawnFps,
  notePictureSize,
  pathTroubles,
  pictureAttempt,
  pictureSize,
} from './picture-state.ts';
import { streamWebRtc } from './webrtc-stream.ts';

/** How often the size of an MJPEG picture is read, in ms. */
const LOOK_EVERY_MS = 500;

/** The picture on a canvas, as tiles or H.264; it stays while the way changes. */
export function CanvasPicture({ path }: { readonly path: Exclude<VideoPath, 'mjpeg'> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const listener: MediaStreamListener = {
      unavailable: (trouble) => {
        pictureAttempt.value = 0;
        // Tiles and H.264 come by the same socket.
        const same =
          trouble === 'refused' ? { tiles: trouble, h264: trouble } : { [path]: trouble };
        pathTroubles.value = { ...pathTroubles.peek(), ...same };
      },
      trying: (attempt) => {
        pictureAttempt.value = attempt;
      },
      whole: () => {
        pathTroubles.value = { ...pathTroubles.peek(), tiles: 'whole' };
      },
    };
    return path === 'webrtc'
      ? streamWebRtc(element, listener)
      : streamMedia(element, path, listener);
  }, [path]);
  // The shape of the picture that was there before, so that nothing jumps. It stays for this
  // canvas: setting a size again would empty it.
  const [{ width, height }] = useState(() => pictureSize.peek());
  return <canvas ref={canvas} class="picture" width={width || 16} height={height || 9} />;
}

/** The picture as MJPEG, where nothing better can be had. */
export function MjpegPicture() {
  const [key, setKey] = useState(newKey);
  const image = useRef<HTMLImageElement>(null);
  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isOpen = link.value.kind === 'open';
  // A stream that broke stays a still picture, so each new connection asks anew.
  useEffect(() => {
    drawnFps.value = undefined;
    if (isOpen) setKey(newKey());
  }, [isOpen]);
  useEffect(() => {
    const look = setInterval(() => {
      const { naturalWidth = 0, naturalHeight = 0 } = image.current ?? {};
      if (naturalWidth === 0) return;
      pictureAttempt.value = 0;
      notePictureSize(naturalWidth, naturalHeight);
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(look);
      clearTimeout(retry.current);
      pictureAttempt.value = 0;
    };
  }, []);
  return (
    <img
      ref={image}
      class="picture"
      alt=""
      draggable={false}
      src={address(`streamer/stream?key=${key}&advance_headers=1`)}
      onError={() => {
        if (link.peek().kind !== 'open') return;
        pictureAttempt.value += 1;
        clearTimeout(retry.current);
        retry.current = setTimeout(() => setKey(newKey()), backoffMs(pictureAttempt.peek()));
      }}
    />
  );
}

/** Takes better ways again when they can be had; false when there is none. */
export async function tryBetterPaths(): Promise<boolean> {
  const offered = (await probePaths()) ?? [];
  const before = pathTroubles.peek();
  const still = Object.entries(before).filter(([path]) => !offered.some((it) => it === path));
  if (still.length === Object.keys(before).length) return false;
  pathTroubles.value = Object.fromEntries(still);
  return true;
}

const newKey = () => Math.random().toString(36).slice(2);
