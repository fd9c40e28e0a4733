import { performance } from 'node:perf_hooks';
import type { Picture } from './picture.ts';

/** What a snapshot shall be; as in GET /api/streamer/snapshot. */
export interface SnapshotOptions {
  /** Keep it on the server. */
  readonly save?: boolean;
  /** Answer the kept one. */
  readonly load?: boolean;
  /** Answer the "no signal" picture instead of UnavailableError. */
  readonly allowOffline?: boolean;
  readonly preview?: boolean;
  /** px, 0 = see PreviewOptions. */
  readonly previewMaxWidth?: number;
  readonly previewMaxHeight?: number;
  /** JPEG quality, 1..100 (80). */
  readonly previewQuality?: number;
}

/** A JPEG file with µStreamer's headers; size and online are those of the whole picture. */
export interface Snapshot {
  readonly jpeg: Buffer;
  /** px. */
  readonly width: number;
  readonly height: number;
  readonly online: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Keeps it on the server, as `save` does. */
  keep(): void;
}

/** ms as µStreamer writes times: seconds with 6 decimals. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

/** A picture as the answer to a snapshot request that is sent now. */
export function snapshotOf(picture: Picture, jpeg: Buffer): Omit<Snapshot, 'keep'> {
  const { width, height, online } = picture;
  return {
    ...{ jpeg, width, height, online },
    headers: {
      'X-Timestamp': seconds(Date.now()),
      'X-UStreamer-Online': String(online),
      'X-UStreamer-Width': String(width),
      'X-UStreamer-Height': String(height),
      'X-UStreamer-Grab-Begin-Timestamp': seconds(picture.grabBeginMs),
      'X-UStreamer-Grab-End-Timestamp': seconds(picture.grabEndMs),
      'X-UStreamer-Encode-Begin-Timestamp': seconds(picture.encodeBeginMs),
      'X-UStreamer-Encode-End-Timestamp': seconds(picture.encodeEndMs),
      'X-UStreamer-Send-Timestamp': seconds(performance.now()),
    },
  };
}
