import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import { Auth } from './auth/auth.ts';
import { dropStaleFirstPassword, ensureFirstUser } from './auth/first-password.ts';
import { type Config, type MachineConfig, machinesOf } from './config/schema.ts';
import type { Log } from './core/log.ts';
import { Scope } from './core/scope.ts';
import { serveStreamer } from './frontends/http/serve-streamer.ts';
import { createHttpServer, type HttpServer } from './frontends/http/server.ts';
import { mediaStateOf, serveMediaSocket } from './frontends/ws/media-socket.ts';
import { createHost, type OwnedHost } from './host.ts';
import { Info } from './info/info.ts';
import type { LogReader } from './info/log-reader.ts';
import { createDrivers } from './machine-drivers.ts';
import { loadPage } from './page.ts';
import { peerCredentials } from './platform/peer-cred.ts';
import { removeFile } from './platform/replace-text.ts';
import { uidsOf } from './platform/system-users.ts';
import { loadPair, selfSigned } from './tls/certificate.ts';
import { VERSION } from './version.ts';

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
  /** Where the page is, e.g. `https://127.0.0.1:8443/`. */
  readonly url: string;
  /** Stops serving; with `stopMachines` also the machines that this server started. */
  close(options: { readonly stopMachines: boolean }): Promise<void>;
}

/** Names of files of ours in the state directory. */
const HTPASSWD = 'htpasswd';
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
    const auth = await startAuth(options, scope);
    const info = await startInfo(options, scope);
    const machines = new Map<string, OwnedHost>();
    for (const [id, machine] of machinesOf(options.config)) {
      machines.set(id, await startMachine(id, machine, { options, info, scope, running }));
    }
    const { kvmd, server } = options.config;
    const page = await loadPage();
    if (!page) options.log.warn({}, 'The page has not been built; only the API is served');
    const http = createHttpServer({
      ...{
        machines,
        auth,
        info,
        log: options.log,
        logReader: kvmd.log_reader.enabled ? options.logReader : NO_LOG_READER,
      },
      defaultMachine: 'default',
      videoFront: { serveStreamer, serveMediaSocket, mediaStateOf },
      ...(page ? { page } : {}),
      limits: {
        connectionsPerAddress: server.limits.connections_per_address,
        requestsPerAddress: server.limits.requests_in_flight,
        heartbeatMs: kvmd.server.heartbeat * 1000,
      },
      allowedOrigins: server.origins,
      trustedProxies: server.trusted_proxies,
      loginRedirects: kvmd.auth.allow_redirects,
      peerCredentials,
    });
    scope.add(() => http.close());
    const url = await listen(http, options);
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
  const htpasswdFile = config.internal.file || join(stateDir, HTPASSWD);
  if (config.enabled) await ensureFirstUser({ htpasswdFile, envPassword, isTty, stateDir, print });
  const auth = new Auth({
    enabled: config.enabled,
    htpasswdFile,
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
  log.info({ enabled: config.enabled, users: htpasswdFile }, 'Authentication');
  return auth;
}

async function startInfo({ config, log }: AppOptions, scope: Scope): Promise<Info> {
  const { info: paths, auth } = config.kvmd;
  const info = await Info.start({
    ...{ log, version: VERSION, authEnabled: auth.enabled },
    statePollS: paths.hw.state_poll,
    platformFile: paths.hw.platform,
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
    scope,
    running,
  }: {
    readonly options: AppOptions;
    readonly info: Info;
    readonly scope: Scope;
    readonly running: { readonly stopMachines: boolean; readonly failed: boolean };
  },
): Promise<OwnedHost> {
  const { log, stateDir } = options;
  const drivers = await createDrivers(config, { id, stateDir }, log);
  // A server that could not start leaves no machine behind that was not there before.
  const { qemu } = drivers;
  scope.add(() =>
    qemu?.stop({ kill: running.stopMachines || (running.failed && qemu.startedHere) }),
  );
  const { hid, atx, streamer } = config;
  log.info({ machine: id, hid: hid.type, atx: atx.type, streamer: streamer.type }, 'Machine');
  const host = createHost({
    ...{ id, name: config.name || id, drivers, info: info.state, log },
    hid: {
      ignoreKeys: hid.ignore_keys,
      jiggler: {
        enabled: hid.jiggler.enabled,
        active: hid.jiggler.active,
        intervalS: hid.jiggler.interval,
      },
    },
    atx: {
      clickMs: config.atx.click_delay * 1000,
      longClickMs: config.atx.long_click_delay * 1000,
    },
    streamer: {
      quality: streamer.quality,
      desiredFps: streamer.desired_fps.default,
      minFps: streamer.desired_fps.min,
      maxFps: streamer.desired_fps.max,
      shutdownDelayMs: streamer.shutdown_delay * 1000,
      resetDelayMs: streamer.reset_delay * 1000,
    },
  });
  scope.add(() => host.close());
  if (streamer.forever) scope.add(host.machine.streamer.acquire());
  return host;
}

async function listen(http: HttpServer, { config, stateDir, log }: AppOptions): Promise<string> {
  const { listen: host, port, tls, http: plain } = config.server;
  const pair = tls.enabled
    ? await (tls.cert === ''
        ? selfSigned(join(stateDir, 'tls'), host)
        : loadPair(tls.cert, tls.key))
    : undefined;
  const main = await claim(
    () => http.listen({ host, port, ...(pair ? { tls: pair } : {}) }),
    `${host}:${port}`,
    '--port N or --listen ADDRESS',
  );
  log.info({ host, port: main.port, tls: tls.enabled }, 'Listening');
  if (plain.enabled) {
    const { port: plainPort } = await claim(
      () => http.listen({ host, port: plain.port }),
      `${host}:${plain.port}`,
      '--plain-http N',
    );
    log.info({ host, port: plainPort }, 'Plain HTTP is served as well');
  }
  const { unix, unix_mode: mode } = config.kvmd.server;
  if (unix !== '') {
    await removeFile(unix);
    await claim(() => http.listen({ path: unix }), unix, '--unix PATH');
    await chmod(unix, mode);
  }
  const name = ['0.0.0.0', '::', ''].includes(host) ? 'localhost' : host;
  const shown = name.includes(':') ? `[${name}]` : name;
  return `${pair ? 'https' : 'http'}://${shown}:${main.port}/`;
}

/** What the operator can do about a place that cannot be listened on. */
const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it',
  EADDRNOTAVAIL: 'this host does not have the address',
  ENOTFOUND: 'there is no host of this name',
  EACCES: 'this user may not',
};

/** Listens, or says in one sentence why that is not possible and which option helps. */
async function claim<T>(listen: () => Promise<T>, where: string, option: string): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = WHY_NOT[code] ?? (error instanceof Error ? error.message : String(error));
    throw new Error(`Cannot listen on ${where}: ${why}. Choose another place with ${option}.`, {
      cause: error,
    });
  }
}
