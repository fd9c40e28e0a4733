import { z } from 'zod';

const limits = z.object({ min: z.int(), max: z.int() });

/** What a viewer can set; a key is there only where the streamer has the feature. */
export const streamerParams = z.object({
  /** Frames per second, 0 = as many as the source gives. */
  desired_fps: z.int(),
  /** JPEG quality, 1..100. */
  quality: z.int().optional(),
  /** WIDTHxHEIGHT in px. */
  resolution: z.string().optional(),
  /** kbit/s. */
  h264_bitrate: z.int().optional(),
  /** Frames between key frames. */
  h264_gop: z.int().optional(),
});
export type StreamerParams = z.infer<typeof streamerParams>;

/** One MJPEG client by its id (µStreamer's `clients_stat`). */
export const streamClientStat = z.object({
  fps: z.int(),
  extra_headers: z.boolean(),
  advance_headers: z.boolean(),
  dual_final_frames: z.boolean(),
  zero_data: z.boolean(),
  key: z.string(),
});
export type StreamClientStat = z.infer<typeof streamClientStat>;

/** The state of the running streamer: `result` of µStreamer's GET /state (6.62). */
export const ustreamerState = z.object({
  instance_id: z.string(),
  encoder: z.object({ type: z.string(), quality: z.int() }),
  /** The V4P display of a PiKVM V4 Plus. */
  drm: z.object({ live: z.boolean(), fps: z.int() }).optional(),
  h264: z.object({ bitrate: z.int(), gop: z.int(), online: z.boolean(), fps: z.int() }).optional(),
  sinks: z.record(z.string(), z.object({ has_clients: z.boolean() })).optional(),
  source: z.object({
    resolution: z.object({ width: z.int(), height: z.int() }),
    online: z.boolean(),
    desired_fps: z.int(),
    captured_fps: z.int(),
    /** crashcart: why there is no picture, in words; absent while there is one. */
    reason: z.string().optional(),
  }),
  stream: z.object({
    queued_fps: z.int(),
    clients: z.int(),
    clients_stat: z.record(z.string(), streamClientStat),
  }),
});
export type UstreamerState = z.infer<typeof ustreamerState>;

/** The streamer part as the wire has it: GET /streamer and the `streamer` event. */
export const streamerState = z.object({
  features: z.object({ quality: z.boolean(), resolution: z.boolean(), h264: z.boolean() }),
  limits: z.object({
    desired_fps: limits,
    available_resolutions: z.array(z.string()).readonly().optional(),
    h264_bitrate: limits.optional(),
    h264_gop: limits.optional(),
  }),
  params: streamerParams,
  applied: streamerParams,
  /** null while stopped. */
  streamer: ustreamerState.nullable(),
  snapshot: z.object({
    saved: z.object({ online: z.boolean(), width: z.int(), height: z.int() }).nullable(),
  }),
});
export type StreamerState = z.infer<typeof streamerState>;

/** Text recognition: GET /streamer/ocr (under `ocr`) and the `ocr` event. */
export const ocrState = z.object({
  enabled: z.boolean(),
  langs: z.object({
    default: z.array(z.string()).readonly(),
    available: z.array(z.string()).readonly(),
  }),
});
export type OcrState = z.infer<typeof ocrState>;
