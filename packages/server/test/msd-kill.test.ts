import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, type MsdState } from '@crashcart/api';
import { expect, test, vi } from 'vitest';
import { sleep } from '../src/core/sleep.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

/** How often the server is killed; `npm run soak` does it more often. */
const KILLS = Number(process.env.MSD_KILLS ?? 30);
/** So many acts at most before the one in which it dies, and so long into that one, ms. */
const MOST_ACTS = 6;
const LONGEST_MS = 60;
const NAMES = ['one.img', 'two.img', 'folder/three.img', 'four.iso'];
const OFF = '{type: disabled}';
const CONFIG = `
server: {tls: {enabled: false}}
qemu: {memory: 64}
kvmd: {hid: ${OFF}, atx: ${OFF}, streamer: ${OFF}}
`;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What must be in the storage, and what was under way when the server died. */
class Model {
  /** Hashes of images whose upload was confirmed. */
  readonly safe = new Map<string, string>();
  underWay: { readonly name: string; readonly hash: string | undefined } | undefined;
  readonly #client: Client;

  constructor(client: Client, before?: Model) {
    this.#client = client;
    this.safe = new Map(before?.safe);
  }

  /** One act; false when the server died in it. */
  async act(): Promise<boolean> {
    try {
      await this.#actOnce();
    } catch (error) {
      // Refusals are part of the game; a connection that breaks is its end.
      if (!(error instanceof Error) || !error.name.startsWith('Msd')) return false;
      this.underWay = undefined;
    }
    return true;
  }

  async #actOnce(): Promise<void> {
    const name = NAMES[randomInt(NAMES.length)] ?? '';
    const [known = name] = [...this.safe.keys()].sort(() => Math.random() - 0.5);
    switch (randomInt(6)) {
      case 0:
      case 1: {
        if (this.safe.has(name)) return;
        const bytes = randomBytes(randomInt(2 * 1024 * 1024));
        this.underWay = { name, hash: sha256(bytes) };
        const remove_incomplete = randomInt(2) === 1;
        const body = new Blob([bytes]);
        await this.#client.call('msdWrite', { image: name, remove_incomplete }, { body });
        this.safe.set(name, this.underWay.hash ?? '');
        break;
      }
      case 2:
        this.underWay = { name, hash: this.safe.get(name) };
        await this.#client.call('msdRemove', { image: name });
        this.safe.delete(name);
        break;
      case 3:
        await this.#client.call('msdSetParams', { image: known, cdrom: randomInt(2) === 1 });
        await this.#client.call('msdSetConnected', { connected: true });
        break;
      case 4:
        await this.#client.call('msdSetParams', { image: known, cdrom: false, rw: true });
        break;
      case 5:
        await this.#client.call('msdSetConnected', { connected: false });
        break;
    }
    this.underWay = undefined;
  }
}

/** The state as soon as the machine, which outlives its servers, has told what is in its drive. */
async function withDrive(client: Client): Promise<MsdState> {
  return await vi.waitUntil(
    async () => {
      const state = await client.call('msd');
      return state.drive && state;
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Holds what a new server says and what is on disk against what must be there. */
function check({ safe, underWay }: Model, state: MsdState, directory: string): void {
  const images = state.storage?.images ?? {};
  for (const [name, hash] of safe) {
    if (name === underWay?.name && !(name in images)) continue;
    expect(images[name], name).toMatchObject({ complete: true });
    expect(sha256(readFileSync(join(directory, name)))).toBe(hash);
  }
  for (const [name, { complete }] of Object.entries(images)) {
    if (safe.has(name) || !complete) continue;
    // Whole, but nobody heard of it: it must be what was on its way.
    expect(name).toBe(underWay?.name);
    expect(sha256(readFileSync(join(directory, name)))).toBe(underWay?.hash);
  }
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  expect(files.filter((file) => file.isFile())).toHaveLength(Object.keys(images).length);
  const { image, connected } = state.drive ?? {};
  if (image) expect(images).toHaveProperty([image.name]);
  if (connected) expect(image).toMatchObject({ in_storage: true });
}

test(
  `${KILLS} kills at any moment of upload, choice, connection and removal lose nothing`,
  async () => {
    await using state = new StateDirectory();
    const argv = ['--state', state.path, '--config', state.config(CONFIG), '--port', '0'];
    const start = () => ServerProcess.start(argv, { CRASHCART_PASSWORD: 'admin' });
    const clientOf = ({ url }: ServerProcess) =>
      createClient({ baseUrl: url, credentials: { user: 'admin', passwd: 'admin' } });
    let server = await start();
    await using _ = { [Symbol.asyncDispose]: async () => void (await server.end('SIGKILL')) };
    let model = new Model(clientOf(server));
    let connections = 0;
    let interrupted = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (let acts = randomInt(MOST_ACTS); acts > 0; acts -= 1) await model.act();
      const last = (async () => {
        while (await model.act());
      })();
      await sleep(randomInt(LONGEST_MS));
      await server.end('SIGKILL');
      await last;
      server = await start();
      const client = clientOf(server);
      const now = await withDrive(client);
      check(model, now, join(state.path, 'msd'));
      if (now.drive?.connected) connections += 1;
      if (model.underWay) interrupted += 1;
      const before = model;
      model = new Model(client, before);
      const unheard = before.underWay;
      if (unheard && !now.storage?.images[unheard.name]?.complete) model.safe.delete(unheard.name);
      else if (unheard?.hash) model.safe.set(unheard.name, unheard.hash);
    }
    // It was killed at moments that matter.
    expect(connections).toBeGreaterThan(0);
    expect(interrupted).toBeGreaterThan(0);
  },
  60_000 + KILLS * 15_000,
);
