import type { InfoState, KeyName } from '@crashcart/api';
import { fingerprintBytes } from './config/fingerprint.ts';
import type { RemoteConfig } from './config/remote-schema.ts';
import { EventHub } from './core/events.ts';
import type { Log } from './core/log.ts';
import type { Machine } from './core/machine.ts';
import { Scope } from './core/scope.ts';
import { DerivedCell, type ReadonlyCell } from './core/state.ts';
import { Streamer, type StreamerOptions } from './core/streamer.ts';
import type { RemoteStatus } from './drivers/remote/remote-link.ts';
import type { OwnedHost } from './host.ts';
import type { Ocr } from './video/ocr.ts';
import { Sound } from './video/sound.ts';
import { Video } from './video/video.ts';

/** What the host of a remote machine is made of. */
export interface RemoteHostOptions {
  readonly id: string;
  readonly name: string;
  readonly remote: RemoteConfig;
  readonly ignoreKeys: readonly KeyName[];
  readonly streamer: Omit<StreamerOptions, 'source' | 'log'>;
  readonly info: ReadonlyCell<InfoState>;
  /** Owned by the caller: machines share it. */
  readonly ocr: Ocr;
  readonly log: Log;
}

/** Whether the section names a remote. */
export function isRemote({ url, unix }: RemoteConfig): boolean {
  return url !== '' || unix !== '';
}

/** Puts a hub over a machine elsewhere, whose policy is kept there. */
export async function createRemoteHost(options: RemoteHostOptions): Promise<OwnedHost> {
  const { connectRemote } = await import('./drivers/remote/remote-machine.ts');
  const { id, name, ocr, remote } = options;
  const log = options.log.child({ machine: id });
  const scope = new Scope();
  const { unix, fingerprint, url } = remote;
  const {
    status,
    video: source,
    ...parts
  } = connectRemote(
    {
      address: {
        url: new URL(url === '' ? 'http://localhost' : url),
        unix: unix === '' ? undefined : unix,
        verify: remote.verify,
        fingerprint: fingerprintBytes(fingerprint),
      },
      ...{ machine: remote.machine, user: remote.user },
      ...{ passwd: remote.passwd, passwdFile: remote.passwd_file },
      ignoreKeys: options.ignoreKeys,
    },
    log,
  );
  scope.add(() => parts[Symbol.asyncDispose]());
  const { hid, atx, msd, gpio, switch: units } = parts;
  scope.add(() => hid.close());
  const streamer = new Streamer({ source, log, ...options.streamer });
  scope.add(() => streamer.close());
  const video = new Video(streamer, log);
  scope.add(() => video.close());
  // Sound is not brought over.
  const sound = new Sound({ source: undefined, open: undefined, log });
  const machine: Machine = {
    ...{ id, name, hid, atx, msd, streamer, gpio, switch: units },
    [Symbol.asyncDispose]: () => scope.close(),
  };
  const info = remoteInfo(options.info, status);
  scope.add(() => info.close());
  const events = new EventHub({ machine, info, ocr: ocr.state });
  scope.add(() => events.close());
  return { machine, video, sound, events, info, ocr, close: () => scope.close() };
}

const DRIVERS = { hid: 'remote', atx: 'remote', msd: 'remote', streamer: 'remote' };

/** The server's info with whether the remote is there; follows both until it is closed. */
function remoteInfo(
  info: ReadonlyCell<InfoState>,
  status: ReadonlyCell<RemoteStatus>,
): DerivedCell<InfoState> {
  return new DerivedCell([info, status], (): InfoState => {
    const { system } = info.value;
    const { value } = status;
    const remote = { online: value.online, reason: value.online ? null : value.reason };
    const machine = { drivers: DRIVERS, qemu: null, remote };
    return { ...info.value, system: { ...system, crashcart: { ...system.crashcart, machine } } };
  });
}
