import type { SystemInfo, UstreamerState } from '@crashcart/api';

/** What a capture program tells of itself, in µStreamer's words; clients are counted by the hub. */
export interface CaptureReport
  extends Pick<UstreamerState, 'instance_id' | 'encoder' | 'drm' | 'h264' | 'sinks'> {
  readonly source: Pick<
    UstreamerState['source'],
    'resolution' | 'online' | 'desired_fps' | 'captured_fps'
  >;
}

/** Which capture program it is: `system.streamer` of GET /info. */
export type CaptureProgram = SystemInfo['streamer'];

/** Presets of the EDID of a capture chip, by PiKVM's names. */
export { EDID_PRESETS } from '../protocols/edid-preset.ts';
