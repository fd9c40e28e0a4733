import type { HandlersOf } from '../routes.ts';

/** States of the parts that have no further operations yet. */
export const partsHandlers: HandlersOf<'msd' | 'gpio' | 'switch' | 'media'> = {
  msd: (_args, { host }) => host.machine.msd.state.value,
  gpio: (_args, { host }) => host.machine.gpio.state.value,
  switch: (_args, { host }) => host.machine.switch.state.value,
  media: (_args, { host, services }) => ({ media: services.videoFront.mediaStateOf(host.video) }),
};
