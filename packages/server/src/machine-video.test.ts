import { beforeEach, expect, it, vi } from 'vitest';
import { recordingLog } from '../test/support/recording-log.ts';
import { configSchema } from './config/schema.ts';
import { findH264 } from './machine-video.ts';

beforeEach(() => {
  // No encoder is found, and each that is tried is told of.
  vi.stubEnv('PATH', '/nowhere');
  return () => vi.unstubAllEnvs();
});

it.each([
  { what: 'that has video', streamer: { type: 'ustreamer' }, tries: 1 },
  { what: 'without video', streamer: { type: 'disabled' }, tries: 0 },
  { what: 'whose H.264 is off', streamer: { h264_bitrate: { default: 0 } }, tries: 0 },
])('tries the encoders of a machine $what $tries times', async ({ streamer, tries }) => {
  const said: string[] = [];
  const own = { h264_encoder: 'ffmpeg', ...streamer };
  const config = configSchema.parse({ kvmd: { streamer: own } });
  expect(await findH264(config, recordingLog(said))).toEqual(new Map());
  expect(said).toEqual(Array.from({ length: tries }, () => 'info There is no H.264'));
});
