import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import type { Log } from './core/log.ts';
import type { HttpServer } from './frontends/http/server.ts';
import { removeFile } from './platform/replace-text.ts';
import { loadPair, selfSigned } from './tls/certificate.ts';

/** What is listened on, and where our own certificate is. */
export interface ListenOptions {
  readonly config: Config;
  readonly stateDir: string;
  readonly log: Log;
}

/**
 * Listens wherever the configuration says. Resolves with where the page is; rejects with one sentence
 * on why that is not possible and which option helps.
 */
export async function listen(
  http: HttpServer,
  { config, stateDir, log }: ListenOptions,
): Promise<string> {
  const { listen: host, port, tls, http: plain } = config.server;
  const { unix, unix_mode: mode } = config.kvmd.server;
  if (unix !== '') {
    await removeFile(unix);
    await claim(() => http.listen({ path: unix }), unix, '--unix PATH');
    await chmod(unix, mode);
  }
  if (host === '') {
    if (unix === '') throw new Error('There is nothing to listen on: set server.listen or --unix');
    log.info({ unix }, 'Listening');
    return `unix:${unix}`;
  }
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
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
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
