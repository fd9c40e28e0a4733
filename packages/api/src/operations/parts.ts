import { z } from 'zod';
import { bytes, json, operation, required } from '../contract.ts';
import * as valid from '../validators.ts';

/** The formats of /media/ws; `tiles` is crashcart's own. */
export const mediaState = z.object({
  video: z.object({
    h264: z.object({ profile_level_id: z.string() }).optional(),
    jpeg: z.object({}).optional(),
    /** crashcart; `whole`: the source gives complete pictures, so each tile is one. */
    tiles: z.object({ whole: z.literal(true).optional() }).optional(),
  }),
  /** crashcart; sound over WebRTC, or why there is none, as a sentence. Only in answers. */
  audio: z.union([z.object({ opus: z.object({}) }), z.object({ reason: z.string() })]).optional(),
});
export type MediaState = z.infer<typeof mediaState>;

export const media = operation({
  method: 'GET',
  path: '/media',
  summary: 'The video formats of /media/ws, and whether there is sound',
  permission: 'view',
  answer: json(z.object({ media: mediaState })),
});

const viewerId = valid.text('viewer id', /^[0-9a-f]{32}$/, { limit: 32 });

export const whep = operation({
  method: 'POST',
  path: '/media/whep',
  summary:
    'Watches over WebRTC (WHEP): an offer in SDP is answered; `Location` is for the end of it',
  permission: 'view',
  body: 'sdp',
  answer: bytes('application/sdp'),
  status: 201,
  errors: ['UnavailableError'],
});

export const whepEnd = operation({
  method: 'DELETE',
  path: '/media/whep',
  summary: 'Ends what was begun by POST; this is its `Location`',
  permission: 'view',
  params: {
    id: required(viewerId, z.string(), 'As `Location` has it'),
  },
  answer: json(z.object({})),
  errors: ['WebRtcViewerNotFoundError'],
});
