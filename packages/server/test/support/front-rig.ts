import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OcrState } from '@crashcart/api';
import { Auth } from '../../src/auth/auth.ts';
import { Atx } from '../../src/core/atx.ts';
import { EventHub } from '../../src/core/events.ts';
import { Hid } from '../../src/core/hid.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { Machine } from '../../src/core/machine.ts';
import { Scope } from '../../src/core/scope.ts';
import { StateCell } from '../../src/core/state.ts';
import { Streamer } from '../../src/core/streamer.ts';
import { DisabledGpio } from '../../src/drivers/disabled/gpio.ts';
import { DisabledMsd } from '../../src/drivers/disabled/msd.ts';
import { DisabledSwitch } from '../../src/drivers/disabled/switch.ts';
import type { VideoFront } from '../../src/frontends/http/host.ts';
import {
  createHttpServer,
  type Host,
  type HttpServer,
  type HttpServerOptions,
} from '../../src/frontends/http/server.ts';
import { Info, type InfoOptions } from '../../src/info/info.ts';
import { Video } from '../../src/video/video.ts';
import { FakeAtxDriver } from '../fakes/fake-atx-driver.ts';
import { FakeVideoSource } from '../fakes/fake-video-source.ts';
import { NullHidDriver } from '../fakes/null-hid-driver.ts';

/** What a test may change of the rig. */
export interface FrontRigOptions {
  readonly http?: Partial<HttpServerOptions>;
  readonly info?: Partial<InfoOptions>;
  readonly hidDriver?: NullHidDriver;
  readonly source?: FakeVideoSource;
  readonly log?: Log;
  readonly extraMachines?: readonly string[];
}

/** The HTTP front end with everything behind it but hardware; user admin, password admin. */
export class FrontRig {
  readonly server: HttpServer;
  readonly auth: Auth;
  readonly hid: NullHidDriver;
  readonly atx: FakeAtxDriver;
  readonly machine: Machine;
  readonly info: Info;
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly #scope: Scope;

  private constructor(parts: Omit<FrontRig, 'close' | 'login' | 'setTotp'>, scope: Scope) {
    this.server = parts.server;
    this.auth = parts.auth;
    this.hid = parts.hid;
    this.atx = parts.atx;
    this.machine = parts.machine;
    this.info = parts.info;
    this.url = parts.url;
    this.port = parts.port;
    this.directory = parts.directory;
    this.#scope = scope;
  }

  static async start(options: FrontRigOptions = {}): Promise<FrontRig> {
    const scope = new Scope();
    const directory = await mkdtemp(join(tmpdir(), 'front-rig-'));
    scope.add(() => rm(directory, { recursive: true, force: true }));
    const htpasswdFile = join(directory, 'htpasswd');
    const totpFile = join(directory, 'totp.secret');
    await writeFile(htpasswdFile, `admin:${ssha512('admin')}\n`);
    await writeFile(totpFile, '');
    const log = options.log ?? silentLog;
    const auth = new Auth({
      ...{ enabled: true, htpasswdFile, totpFile, maxExpireS: 0, extend: false, log },
      peerUids: new Set([0]),
    });
    scope.add(() => auth.close());
    const info = await Info.start({ log, version: '0.1.0', authEnabled: true, ...options.info });
    scope.add(() => info.close());
    const hidDriver = options.hidDriver ?? new NullHidDriver();
    const atxDriver = new FakeAtxDriver();
    const source = options.source ?? new FakeVideoSource();
    const host = makeHost('default', { hidDriver, atxDriver, source, info, scope });
    const machines = new Map([['default', host]]);
    for (const id of options.extraMachines ?? []) {
      const drivers = { hidDriver: new NullHidDriver(), atxDriver: new FakeAtxDriver() };
      const extra = { ...drivers, source: new FakeVideoSource(), info, scope };
      machines.set(id, makeHost(id, extra));
    }
    const server = createHttpServer({
      ...{ machines, defaultMachine: 'default', auth, info, log },
      logReader: { async *read() {} },
      videoFront: NO_VIDEO,
      ...options.http,
    });
    scope.add(() => server.close());
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${port}`;
    const { machine } = host;
    const parts = { server, auth, hid: hidDriver, atx: atxDriver, machine, info, url, port };
    return new FrontRig({ ...parts, directory }, scope);
  }

  /** A fresh session: the value of a Cookie header. */
  async login(): Promise<string> {
    const { token } = await this.auth.login({
      ...{ user: 'admin', passwd: 'admin', address: 'rig' },
    });
    return `auth_token=${token}`;
  }

  /** Switches the second factor on, or off with ''. */
  async setTotp(secret: string): Promise<void> {
    await writeFile(join(this.directory, 'totp.secret'), secret);
  }

  async close(): Promise<void> {
    await this.#scope.close();
  }
}

function makeHost(
  id: string,
  given: {
    hidDriver: NullHidDriver;
    atxDriver: FakeAtxDriver;
    source: FakeVideoSource;
    info: Info;
    scope: Scope;
  },
): Host {
  const log = silentLog;
  const hid = new Hid({ driver: given.hidDriver, log });
  const atx = new Atx({ driver: given.atxDriver, log });
  const streamer = new Streamer({ source: given.source, log, maxFps: 40 });
  const machine: Machine = {
    ...{ id, name: id, hid, atx, streamer },
    msd: new DisabledMsd(),
    gpio: new DisabledGpio(),
    switch: new DisabledSwitch(),
    async [Symbol.asyncDispose]() {},
  };
  const ocr = new StateCell<OcrState>({ enabled: false, langs: { default: [], available: [] } });
  const events = new EventHub({ machine, info: given.info.state, ocr });
  const video = new Video(streamer, log);
  given.scope.add(() => hid.close());
  given.scope.add(() => atx.close());
  given.scope.add(() => streamer.close());
  given.scope.add(() => events.close());
  return { machine, video, events, ocr };
}

/** Video requests are somebody else's tests. */
const NO_VIDEO: VideoFront = {
  serveStreamer(_request, response, url) {
    response.end(`video ${url.pathname}`);
  },
  serveMediaSocket(socket) {
    socket.send('media');
  },
  mediaStateOf: () => ({ video: {} }),
};

/** {SSHA512} as PiKVM's htpasswd writes it. */
function ssha512(password: string): string {
  const salt = Buffer.from('0123456789abcdef0123456789abcdef');
  const digest = createHash('sha512').update(password).update(salt).digest();
  return `{SSHA512}${Buffer.concat([digest, salt]).toString('base64')}`;
}
