import type { HandlersOf } from './handlers-of.ts';

const NO_WEBRTC = { reason: 'Sound comes by WebRTC, which is disabled (webrtc.enabled).' };

/** States of the parts that have no further operations yet. */
export const partsHandlers: HandlersOf<'media'> = {
  media: (_args, { host, services }) => {
    const audio = services.webRtc ? host.sound.state : host.sound.state && NO_WEBRTC;
    return { media: { ...services.videoFront.mediaStateOf(host.video), ...(audio && { audio }) } };
  },
};
