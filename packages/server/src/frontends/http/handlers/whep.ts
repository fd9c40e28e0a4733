import { Buffer } from 'node:buffer';
import { KvmError } from '@crashcart/api';
import type { Call } from '../host.ts';
import { Reply } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

/** WebRTC for everyone (draft-ietf-wish-whep): an offer, its answer with all candidates, and the end. */
export const whepHandlers: HandlersOf<'whep' | 'whepEnd'> = {
  async whep(_args, call) {
    const { host, services, localAddress } = call;
    const { webRtc, whepViewers, auth } = services;
    if (!webRtc) throw new KvmError('UnavailableError', 'WebRTC is disabled (webrtc.enabled)');
    const identity = identityOf(call);
    whepViewers.check(identity);
    const viewer = await webRtc.answer(host, call.text(), localAddress);
    const id = whepViewers.add(viewer, identity, auth.hold(identity));
    viewer.start();
    // Relative to where the offer went: right behind every proxy.
    const headers = { 'content-type': 'application/sdp', location: `whep?id=${id}` };
    return new Reply(201, headers, Buffer.from(webRtc.describe(viewer, localAddress)));
  },

  whepEnd({ id }, call) {
    call.services.whepViewers.end(id, identityOf(call));
    return {};
  },
};

/** Only public operations have nobody who asks. */
function identityOf({ identity }: Call) {
  if (!identity) throw new KvmError('UnauthorizedError');
  return identity;
}
