import { useEffect, useRef, useState } from 'preact/hooks';
import { address } from '../api.ts';
import { captured } from '../state/capture.ts';
import { link } from '../state/connection.ts';
import { absoluteMouse } from '../state/machine.ts';
import { drawnFps, notePictureSize, videoMode } from '../state/picture.ts';
import { scale } from '../state/settings.ts';
import { captureKeyboard } from './keyboard-capture.ts';
import { captureMouse } from './mouse-capture.ts';
import { streamTiles } from './tile-stream.ts';

/** The machine's picture; takes keyboard and mouse once it is clicked. */
export function Screen() {
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = surface.current;
    if (element === null) return;
    const stopKeyboard = captureKeyboard(element);
    const stopMouse = captureMouse(element, () => element.querySelector('.picture'));
    element.focus({ preventScroll: true });
    return () => {
      stopMouse();
      stopKeyboard();
    };
  }, []);

  return (
    <div
      id="screen"
      ref={surface}
      class="screen"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys by itself
      tabIndex={0}
      aria-label="Screen of the machine"
      aria-describedby="screen-hint"
      data-captured={captured.value}
      data-scale={scale.value}
      data-mouse={absoluteMouse.value ? 'absolute' : 'relative'}
      data-stale={link.value.kind === 'lost'}
    >
      <span id="screen-hint" class="hidden">
        Press Enter or click to send the keyboard to the machine.
      </span>
      {videoMode.value === 'tiles' ? <TilePicture /> : <MjpegPicture />}
    </div>
  );
}

function TilePicture() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return streamTiles(element, {
      notOffered: () => {
        videoMode.value = 'mjpeg';
      },
    });
  }, []);
  return <canvas ref={canvas} class="picture" width={16} height={9} />;
}

/** For servers without tiles (PiKVM itself). */
function MjpegPicture() {
  const [key, setKey] = useState(newKey);
  const isOpen = link.value.kind === 'open';
  const image = useRef<HTMLImageElement>(null);
  // A stream that broke stays a still picture, so each new connection asks anew.
  useEffect(() => {
    drawnFps.value = undefined;
    if (isOpen) setKey(newKey());
  }, [isOpen]);
  useEffect(() => {
    const timer = setInterval(() => {
      const { naturalWidth = 0, naturalHeight = 0 } = image.current ?? {};
      if (naturalWidth > 0) notePictureSize(naturalWidth, naturalHeight);
    }, 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <img
      ref={image}
      class="picture"
      alt=""
      draggable={false}
      src={address(`streamer/stream?key=${key}&advance_headers=1`)}
    />
  );
}

const newKey = () => Math.random().toString(36).slice(2);
