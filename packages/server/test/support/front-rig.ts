import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Auth, type AuthOptions } from '../../src/auth/auth.ts';
import { Atx } from '../../src/core/atx.ts';
import type { AtxDriver } from '../../src/core/atx-driver.ts';
import { EventHub } from '../../src/core/events.ts';
import type { Gpio } from '../../src/core/gpio.ts';
import { Hid } from '../../src/core/hid.ts';
import type { HidDriver } from '../../src/core/hid-driver.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { Machine } from '../../src/core/machine.ts';
import { Msd } from '../../src/core/msd.ts';
import { Scope } from '../../src/core/scope.ts';
import { Streamer, type StreamerOptions } from '../../src/core/streamer.ts';
import type { Switch } from '../../src/core/switch.ts';
import type { VideoSource } from '../../src/core/video-source.ts';
import { OtgMsd } from '../../src/drivers/linux/msd.ts';
import type { VideoFront } from '../../src/frontends/http/host.ts';
import {
  createHttpServer,
  type Host,
  type HttpServer,
  type HttpServerOptions,
} from '../../src/frontends/http/server.ts';
import { Info, type InfoOptions } from '../../src/info/info.ts';
import { ImageDirectory } from '../../src/store/image-store.ts';
import { packImage } from '../../src/store/pack-image.ts';
import { openRemoteImage } from '../../src/store/remote-image.ts';
import { Ocr } from '../../src/video/ocr.ts';
import { Sound, type SoundOptions } from '../../src/video/sound.ts';
import { Video } from '../../src/video/video.ts';
import { FakeAtxDriver } from '../fakes/fake-atx-driver.ts';
import { fakeGpio } from '../fakes/fake-gpio-driver.ts';
import { FakeMassStorage } from '../fakes/fake-mass-storage.ts';
import { FakeVideoSource } from '../fakes/fake-video-source.ts';
import { memorySwitch } from '../fakes/memory-switch.ts';
import { NullHidDriver } from '../fakes/null-hid-driver.ts';

/** What a test may change of the rig. */
export interface FrontRigOptions {
  readonly http?: Partial<HttpServerOptions>;
  readonly info?: Partial<InfoOptions>;
  /** Behind the front instead of a new `hid`; closed by the caller. */
  readonly hidDriver?: HidDriver;
  /** Behind the front instead of `atx`; closed by the caller. */
  readonly atxDriver?: AtxDriver;
  readonly source?: VideoSource;
  /** Where images are; a folder of the rig unless told. */
  readonly imagesDir?: string;
  /** Bytes of all images together; 0 = as much as the disk has. */
  readonly imagesLimit?: number;
  /** Closed by the caller. */
  readonly gpio?: Gpio;
  /** Closed by the caller. */
  readonly switch?: Switch;
  readonly log?: Log;
  readonly extraMachines?: readonly string[];
  /** H.264 of the first machine; none unless told. */
  readonly h264?: StreamerOptions['h264'];
  /** Sound of the first machine; none unless told. */
  readonly sound?: SoundOptions;
  /** Text recognition; disabled until it is refreshed. */
  readonly ocr?: Ocr;
}

/** What a server that is started anew does otherwise. */
export interface FrontVariant {
  readonly auth?: Partial<AuthOptions>;
  readonly http?: Partial<HttpServerOptions>;
}

interface Serving {
  readonly auth: Auth;
  readonly server: HttpServer;
}

/** The HTTP front end with everything behind it but hardware; user admin, password admin. */
export class FrontRig {
  readonly hid: NullHidDriver;
  readonly atx: FakeAtxDriver;
  /** The kernel's drive. */
  readonly msd: FakeMassStorage;
  readonly images: ImageDirectory;
  readonly machine: Machine;
  readonly info: Info;
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly #scope: Scope;
  readonly #serve: (variant: FrontVariant) => Serving;
  #serving: Serving;

  private constructor(
    parts: Omit<FrontRig, 'auth' | 'close' | 'login' | 'restart' | 'server' | 'setTotp'>,
    serving: Serving,
    serve: (variant: FrontVariant) => Serving,
    scope: Scope,
  ) {
    this.#serving = serving;
    this.#serve = serve;
    this.hid = parts.hid;
    this.atx = parts.atx;
    this.msd = parts.msd;
    this.images = parts.images;
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
    const info = await Info.start({ log, version: '0.1.0', authEnabled: true, ...options.info });
    scope.add(() => info.close());
    const given = options.hidDriver;
    const hid = given instanceof NullHidDriver ? given : new NullHidDriver();
    const fakes = { hid, atx: new FakeAtxDriver(), msd: new FakeMassStorage({ anySize: true }) };
    const { hidDriver = fakes.hid, atxDriver = fakes.atx } = options;
    const source = options.source ?? new FakeVideoSource();
    const images = await ImageDirectory.open({
      directory: options.imagesDir ?? join(directory, 'msd'),
      limit: options.imagesLimit ?? 0,
      log,
    });
    scope.add(() => images.close());
    const drive = fakes.msd;
    const policies = {
      gpio: options.gpio,
      units: options.switch,
      h264: options.h264,
      sound: options.sound,
    };
    const drivers = { hidDriver, atxDriver, drive, source, ...policies };
    const ocr = options.ocr ?? new Ocr({ langs: ['eng'], tessdata: '', log });
    scope.add(() => ocr.close());
    const host = await makeHost('default', { ...drivers, images, info, ocr, scope });
    const machines = new Map([['default', host]]);
    for (const id of options.extraMachines ?? []) {
      const extra = {
        ...{ hidDriver: new NullHidDriver(), atxDriver: new FakeAtxDriver() },
        ...{ drive: new FakeMassStorage({ anySize: true }), source: new FakeVideoSource() },
        ...{ images, info, ocr, scope },
      };
      machines.set(id, await makeHost(id, extra));
    }
    const serve = (variant: FrontVariant): Serving => {
      const auth = new Auth({
        ...{ enabled: true, htpasswdFile, totpFile, maxExpireS: 0, extend: false, log },
        peerUids: new Set([0]),
        ...variant.auth,
      });
      const server = createHttpServer({
        ...{ machines, defaultMachine: 'default', auth, version: '0.1.0', log },
        logReader: { async *read() {} },
        videoFront: NO_VIDEO,
        ...options.http,
        ...variant.http,
      });
      return { auth, server };
    };
    const serving = serve({});
    const { port } = await serving.server.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${port}`;
    const { machine } = host;
    const parts = { images, machine, info, url, port, directory };
    return new FrontRig({ ...fakes, ...parts }, serving, serve, scope);
  }

  /** That of now: another one after a restart. */
  get server(): HttpServer {
    return this.#serving.server;
  }

  /** That of now: another one after a restart. */
  get auth(): Auth {
    return this.#serving.auth;
  }

  /** Starts the front end and its sessions anew on the same port; the machine is as it was. */
  async restart(variant: FrontVariant): Promise<void> {
    await this.#stop();
    this.#serving = this.#serve(variant);
    await this.server.listen({ host: '127.0.0.1', port: this.port });
  }

  async #stop(): Promise<void> {
    await this.server.close();
    await this.auth.close();
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
    await this.#stop();
    await this.#scope.close();
  }
}

async function makeHost(
  id: string,
  given: {
    hidDriver: HidDriver;
    atxDriver: AtxDriver;
    drive: FakeMassStorage;
    images: ImageDirectory;
    source: VideoSource;
    gpio?: Gpio | undefined;
    units?: Switch | undefined;
    h264?: StreamerOptions['h264'] | undefined;
    sound?: SoundOptions | undefined;
    info: Info;
    ocr: Ocr;
    scope: Scope;
  },
): Promise<Host> {
  const log = silentLog;
  const hid = new Hid({ driver: given.hidDriver, log });
  const atx = new Atx({ driver: given.atxDriver, log });
  const ports = { openRemote: openRemoteImage, pack: packImage };
  given.scope.add(() => given.drive[Symbol.dispose]());
  const msdDriver = await OtgMsd.open({ log, sysfs: given.drive });
  given.scope.add(() => msdDriver[Symbol.asyncDispose]());
  const msd = new Msd({ driver: msdDriver, images: given.images, ...ports, log });
  const streamer = new Streamer({
    ...{ source: given.source, log, maxFps: 40 },
    ...(given.h264 ? { h264: given.h264 } : {}),
  });
  const machine: Machine = {
    ...{ id, name: id, hid, atx, msd, streamer },
    gpio: given.gpio ?? fakeGpio(),
    switch: given.units ?? memorySwitch(),
    async [Symbol.asyncDispose]() {},
  };
  const { ocr } = given;
  const events = new EventHub({ machine, info: given.info.state, ocr: ocr.state });
  const video = new Video(streamer, log);
  const sound = new Sound(given.sound ?? { source: undefined, open: undefined, log });
  given.scope.add(() => sound.close());
  given.scope.add(() => hid.close());
  given.scope.add(() => atx.close());
  given.scope.add(() => msd.close());
  given.scope.add(() => streamer.close());
  given.scope.add(() => events.close());
  return { machine, video, sound, events, info: given.info.state, ocr };
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
