import { z } from 'zod';
import type { CaptureReport } from '../../core/capture.ts';

const count = z.int().min(0);

/** What we use of GET /state; clients are left out, for they are only us. */
const answer = z.object({
  ok: z.literal(true),
  result: z.object({
    // 4.9 has no name of its own.
    instance_id: z.string().max(256).default(''),
    encoder: z.object({ type: z.string().max(64), quality: count }),
    drm: z.object({ live: z.boolean(), fps: count }).optional(),
    h264: z.object({ bitrate: count, gop: count, online: z.boolean(), fps: count }).optional(),
    sinks: z.record(z.string().max(64), z.object({ has_clients: z.boolean() })).optional(),
    source: z.object({
      resolution: z.object({ width: count, height: count }),
      online: z.boolean(),
      desired_fps: count,
      captured_fps: count,
    }),
  }),
});

/** Reads µStreamer's answer to GET /state, of 4.9 as of 6.x; throws a ZodError for anything else. */
export function parseReport(value: unknown): CaptureReport {
  const { drm, h264, sinks, ...rest } = answer.parse(value).result;
  return {
    ...rest,
    ...(drm ? { drm } : {}),
    ...(h264 ? { h264 } : {}),
    ...(sinks ? { sinks } : {}),
  };
}
