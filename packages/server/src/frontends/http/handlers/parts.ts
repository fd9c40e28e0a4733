import type { HandlersOf } from './handlers-of.ts';

/** States of the parts that have no further operations yet. */
export const partsHandlers: HandlersOf<'media'> = {
  media: (_args, { host, services }) => ({ media: services.videoFront.mediaStateOf(host.video) }),
};
