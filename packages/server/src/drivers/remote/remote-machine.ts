import type { KeyName } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import type { AtxPart, GpioPart, HidPart, MsdPart, SwitchPart } from '../../core/machine.ts';
import type { ReadonlyCell } from '../../core/state.ts';
import type { VideoSource } from '../../core/video-source.ts';
import { RemoteAtx } from './remote-atx.ts';
import { RemoteGpio } from './remote-gpio.ts';
import { RemoteHid } from './remote-hid.ts';
import { RemoteLink, type RemoteStatus } from './remote-link.ts';
import { RemoteMsd } from './remote-msd.ts';
import type { RemoteOptions } from './remote-options.ts';
import { RemoteStates } from './remote-states.ts';
import { RemoteSwitch } from './remote-switch.ts';
import { RemoteVideoSource } from './remote-video.ts';

/** All parts of a machine that another crashcart or a PiKVM has. */
export interface RemoteMachine extends AsyncDisposable {
  readonly status: ReadonlyCell<RemoteStatus>;
  readonly hid: HidPart;
  readonly atx: AtxPart;
  readonly msd: MsdPart;
  readonly gpio: GpioPart;
  readonly switch: SwitchPart;
  readonly video: VideoSource;
}

/** Connects to a machine elsewhere; until it is there, and whenever it is not, it is offline. */
export function connectRemote(
  options: RemoteOptions & { readonly ignoreKeys: readonly KeyName[] },
  log: Log,
): RemoteMachine {
  const link = new RemoteLink(options, log);
  const states = new RemoteStates(log);
  link.onEvent((event) => states.apply(event));
  link.status.subscribe(({ online }) => {
    if (!online) states.offline();
  });
  return {
    status: link.status,
    hid: new RemoteHid(link, states, options.ignoreKeys),
    atx: new RemoteAtx(link, states),
    msd: new RemoteMsd(link, states),
    gpio: new RemoteGpio(link, states),
    switch: new RemoteSwitch(link, states),
    video: new RemoteVideoSource(link, states, log),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
