import { z } from 'zod';
import { bytes, json, operation, optional } from '../contract.ts';
import { boolOr, intOr } from '../params.ts';
import { ocrState, streamerState } from '../states/streamer.ts';
import * as valid from '../validators.ts';

const nothing = z.object({});

/** Empty values mean "as it is", and are not validated. */
const unlessEmpty =
  <T>(validate: valid.Validator<T>): valid.Validator<T | undefined> =>
  (raw) =>
    typeof raw === 'string' && raw.trim() === '' ? undefined : validate(raw);

const number = (name: string, min: number, max: number, description: string) =>
  optional(
    unlessEmpty(valid.int({ name, min, max })),
    z.int().min(min).max(max).optional(),
    description,
  );

const WITH_OCR = { onlyWith: 'ocr' };

const edge = (side: string) =>
  optional(valid.int(), z.int(), `Read from the ${side} edge at, px; negative = all`, WITH_OCR);

export const state = operation({
  method: 'GET',
  path: '/streamer',
  summary: 'The state of the video streamer; `streamer` is null while it is stopped',
  permission: 'view',
  answer: json(streamerState),
});

export const setParams = operation({
  method: 'POST',
  path: '/streamer/set_params',
  summary: 'Sets parameters of the video; they are applied after 1 s of quiet',
  permission: 'system',
  params: {
    quality: number('stream quality', 1, 100, 'JPEG quality'),
    desired_fps: number('stream FPS', 0, 120, 'Frames per second, 0 = all'),
    // Checked by the handler: "not supported" comes before "not valid".
    resolution: optional((raw) => String(raw).trim(), z.string(), 'WIDTHxHEIGHT'),
    h264_bitrate: number('stream H264 bitrate', 25, 20000, 'kbit/s'),
    h264_gop: number('stream H264 GOP', 0, 60, 'Frames between key frames'),
  },
  answer: json(nothing),
  errors: [
    'StreamerResolutionNotSupported',
    'StreamerQualityNotSupported',
    'StreamerH264NotSupported',
  ],
});

export const reset = operation({
  method: 'POST',
  path: '/streamer/reset',
  summary: 'Starts the streamer anew',
  permission: 'system',
  answer: json(nothing),
});

export const snapshot = operation({
  method: 'GET',
  path: '/streamer/snapshot',
  summary: 'The current picture as JPEG, or the text on it',
  permission: 'view',
  params: {
    save: boolOr(false, 'Keep this picture on the server'),
    load: boolOr(false, 'Answer the kept picture'),
    allow_offline: boolOr(false, 'Answer a picture also when there is no signal'),
    preview: boolOr(false, 'Answer a small picture'),
    preview_max_width: intOr(0, { min: 0 }, 'px, 0 = a fifth of the picture'),
    preview_max_height: intOr(0, { min: 0 }, 'px, 0 = a fifth of the picture'),
    preview_quality: intOr(80, { name: 'stream quality', min: 1, max: 100 }, 'JPEG quality'),
    ocr: boolOr(false, 'Answer the text on the picture instead'),
    // Which languages there are is known to the server only.
    ocr_langs: optional(
      valid.list((raw) => String(raw).trim(), { limit: 512 }),
      z.array(z.string()).readonly(),
      'Languages by comma; none = the default ones',
      WITH_OCR,
    ),
    ocr_left: edge('left'),
    ocr_top: edge('top'),
    ocr_right: edge('right'),
    ocr_bottom: edge('bottom'),
  },
  answer: bytes('image/jpeg', 'text/plain'),
  errors: ['UnavailableError'],
});

export const removeSnapshot = operation({
  method: 'DELETE',
  path: '/streamer/snapshot',
  summary: 'Forgets the kept picture',
  permission: 'system',
  answer: json(nothing),
});

export const ocr = operation({
  method: 'GET',
  path: '/streamer/ocr',
  summary: 'Whether text recognition is there, and its languages',
  permission: 'view',
  answer: json(z.object({ ocr: ocrState })),
});
