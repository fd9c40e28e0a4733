import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import { Auth } from './auth/auth.ts';
import { dropStaleFirstPassword, ensureFirstUser } from './auth/first-password.ts';
import { createServices, htpasswdFileOf, needsFirstUser } from './auth-services.ts';
import { type Config, type MachineConfig, machinesOf } from './config/schema.ts';
import type { Log } from './core/log.ts';
import { Scope } from './core/scope.ts';
import { serveStreamer } from './frontends/http/serve-streamer.ts';
import { createHttpServer } from './frontends/http/server.ts';
import { mediaStateOf, serveMediaSocket } from './frontends/ws/media-socket.ts';
import { createHost, type OwnedHost } from './host.ts';
import { Info } from './info/info.ts';
import type { LogReader } from './info/log-reader.ts';
import { listen } from './listen.ts';
import { createDrivers } from './machine-drivers.ts';
import { gpioOptionsOf } from './machine-gpio.ts';
import { MachineImages } from './machine-images.ts';
import { machineInfo } from './machine-info.ts';
import { switchOptionsOf } from './machine-switch.ts';
import {
  findH264,
  findOpus,
  type H264Encoders,
  snapshotOptionsOf,
  soundSourceOf,
  streamerOptionsOf,
  webRtcOptionsOf,
} from './machine-video.ts';
import { loadPage } from './page.ts';
import { peerCredentials } from './platform/peer-cred.ts';
import { uidsOf } from './platform/system-users.ts';
import { limitUnsent } from './platform/unsent-limit.ts';
import { createRemoteHost, isRemote } from './remote-host.ts';
import { VERSION } from './version.ts';
import { Ocr } from './video/ocr.ts';
import type { OpenOpusEncoder } from './video/opus-encoder.ts';
import { WebRtc } from './video/webrtc.ts';

/** What a server is made of. */
export interface AppOptions {
  readonly config: Config;
  /** Locked by the caller. */
  readonly stateDir: string;
  readonly log: Log;
  readonly logReader: LogReader;
  /** $CRASHCART_PASSWORD. */
  readonly envPassword: string | undefined;
  /** Whether `print` reaches a person's terminal. */
  readonly isTty: boolean;
  /** Shows a line to the operator; never a log. */
  readonly print: (line: string) => void;
}

/** A running server. */
export interface App {
  /** Where the page is, e.g. `https://127.0.0.1:8443/`; `unix:PATH` where only a socket is. */
  readonly url: string;
  /** Stops serving; with `stopMachines` also the machines that this server started. */
  close(options: { readonly stopMachines: boolean }): Promise<void>;
}

/** Names of files of ours in the state directory. */
const TOTP_SECRET = 'totp.secret';

/** The log is not to be read over the network. */
const NO_LOG_READER: LogReader = {
  read() {
    throw new KvmError('UnavailableError', 'Reading the log is disabled (kvmd.log_reader.enabled)');
  },
};

/** Builds everything from the configuration and serves; releases all of it when a step fails. */
export async function startApp(options: AppOptions): Promise<App> {
  const scope = new Scope();
  const running = { stopMachines: false, failed: false };
  try {
    // Trying encoders takes a moment: the first machine waits for the answer.
    const h264 = findH264(options.config, options.log);
    const opus = findOpus(options.config, options.log);
    const auth = await startAuth(options, scope);
    const info = await startInfo(options, scope);
    const images = new MachineImages(options.stateDir, options.log);
    scope.add(() => images.close());
    const { kvmd, server } = options.config;
    const ocr = new Ocr({ ...kvmd.ocr, log: options.log });
    scope.add(() => ocr.close());
    const machines = new Map<string, OwnedHost>();
    const shared = { options, info, images, ocr, h264, opus, scope, running };
    for (const [id, machine] of machinesOf(options.config)) {
      machines.set(id, await startMachine(id, machine, shared));
    }
    const page = await loadPage();
    if (!page) options.log.warn({}, 'The page has not been built; only the API is served');
    const webRtc = options.config.webrtc.enabled
      ? new WebRtc(webRtcOptionsOf(options.config, options.log))
      : undefined;
    scope.add(() => webRtc?.close());
    const http = createHttpServer({
      ...{
        machines,
        auth,
        version: VERSION,
        log: options.log,
        logReader: kvmd.log_reader.enabled ? options.logReader : NO_LOG_READER,
      },
      defaultMachine: 'default',
      videoFront: { serveStreamer, serveMediaSocket, mediaStateOf },
      ...(webRtc ? { webRtc } : {}),
      ...(page ? { page } : {}),
      limits: {
        connectionsPerAddress: server.limits.connections_per_address,
        requestsPerAddress: server.limits.requests_in_flight,
        heartbeatMs: kvmd.server.heartbeat * 1000,
      },
      allowedOrigins: server.origins,
      trustedProxies: server.trusted_proxies,
      loginRedirects: kvmd.auth.allow_redirects,
      publicMetrics: !kvmd.prometheus.auth.enabled,
      peerCredentials,
      limitUnsent,
    });
    scope.add(() => http.close());
    const url = await listen(http, options);
    // The start does not wait for it: who asks meanwhile does.
    void ocr.refresh();
    return {
      url,
      async close({ stopMachines }) {
        running.stopMachines = stopMachines;
        await scope.close();
      },
    };
  } catch (error) {
    running.failed = true;
    await scope.close().catch(() => undefined);
    throw error;
  }
}

async function startAuth(options: AppOptions, scope: Scope): Promise<Auth> {
  const { stateDir, log, envPassword, isTty, print } = options;
  const { auth: config } = options.config.kvmd;
  const htpasswdFile = htpasswdFileOf(config, stateDir);
  if (config.enabled && needsFirstUser(config))
    await ensureFirstUser({ htpasswdFile, envPassword, isTty, stateDir, print });
  const auth = new Auth({
    enabled: config.enabled,
    htpasswdFile,
    ...(config.enabled ? createServices(config, { stateDir, log }) : {}),
    totpFile: config.totp.secret.file || join(stateDir, TOTP_SECRET),
    maxExpireS: config.expire,
    extend: config.extend,
    peerUids: await uidsOf({ users: ['root', ...config.usc.users], groups: [] }),
    log,
    onUsersChanged: () => {
      dropStaleFirstPassword(htpasswdFile, stateDir).catch((error: unknown) => {
        log.warn({ err: error }, 'The file of the first password could not be removed');
      });
    },
  });
  scope.add(() => auth.close());
  const { enabled, internal, external } = config;
  const services = { internal: internal.type, external: external.type };
  log.info({ enabled, ...services, users: htpasswdFile }, 'Authentication');
  return auth;
}

async function startInfo({ config, log }: AppOptions, scope: Scope): Promise<Info> {
  const { info: paths, auth } = config.kvmd;
  const info = await Info.start({
    ...{ log, version: VERSION, authEnabled: auth.enabled },
    statePollS: paths.hw.state_poll,
    platformFile: paths.hw.platform,
    platformName: config.platform,
    ignorePast: paths.hw.ignore_past,
    ...(paths.meta === '' ? {} : { metaFile: paths.meta }),
    ...(paths.extras === '' ? {} : { extrasDir: paths.extras }),
    fan: {
      unix: paths.fan.unix,
      timeoutS: paths.fan.timeout,
      statePollS: paths.fan.state_poll,
    },
  });
  scope.add(() => info.close());
  return info;
}

async function startMachine(
  id: string,
  config: MachineConfig,
  {
    options,
    info,
    images,
    ocr,
    h264,
    opus,
    scope,
    running,
  }: {
    readonly options: AppOptions;
    readonly info: Info;
    readonly images: MachineImages;
    readonly ocr: Ocr;
    readonly h264: Promise<H264Encoders>;
    readonly opus: Promise<OpenOpusEncoder | undefined>;
    readonly scope: Scope;
    readonly running: { readonly stopMachines: boolean; readonly failed: boolean };
  },
): Promise<OwnedHost> {
  const { log, stateDir } = options;
  if (isRemote(config.remote)) {
    const { url, unix } = config.remote;
    log.info({ machine: id, remote: unix || url }, 'Machine');
    const remoteHost = await createRemoteHost({
      ...{ id, name: config.name || id, remote: config.remote, info: info.state, ocr, log },
      ignoreKeys: config.hid.ignore_keys,
      streamer: streamerOptionsOf(config.streamer, false),
    });
    return own(remoteHost, config, scope);
  }
  const drivers = await createDrivers(config, { id, stateDir }, log);
  const { qemu, vnc } = drivers;
  scope.add(() => vnc?.[Symbol.asyncDispose]());
  // A server that could not start leaves no machine behind that was not there before.
  scope.add(() =>
    qemu?.stop({ kill: running.stopMachines || (running.failed && qemu.startedHere) }),
  );
  const { hid, atx, msd, streamer } = config;
  const { enabled, active, interval: intervalS } = hid.jiggler;
  const told = machineInfo(info.state, config, qemu, drivers.video.program);
  scope.add(() => told.close());
  const types = { hid: hid.type, atx: atx.type, msd: msd.type, streamer: streamer.type };
  log.info({ machine: id, ...types }, 'Machine');
  const h264Encoder = (await h264).get(streamer.h264_encoder);
  const host = createHost({
    ...{ id, name: config.name || id, drivers, info: told, ocr, log },
    hid: {
      ignoreKeys: hid.ignore_keys,
      keymap: hid.keymap,
      jiggler: { enabled, active, intervalS },
    },
    atx: {
      clickMs: config.atx.click_delay * 1000,
      longClickMs: config.atx.long_click_delay * 1000,
    },
    msd: await images.of(id, msd),
    snapshot: snapshotOptionsOf(config.snapshot),
    gpio: gpioOptionsOf(config.gpio),
    switch: await switchOptionsOf(id, config.switch, { stateDir, log, scope }),
    streamer: streamerOptionsOf(streamer, h264Encoder !== undefined),
    h264Encoder,
    sound: soundSourceOf(streamer),
    opusEncoder: await opus,
  });
  return own(host, config, scope);
}

/** Lets the scope close a host; a machine that is always watched is watched from now on. */
function own(host: OwnedHost, { streamer }: MachineConfig, scope: Scope): OwnedHost {
  scope.add(() => host.close());
  if (streamer.forever) scope.add(host.machine.streamer.keep());
  return host;
}
