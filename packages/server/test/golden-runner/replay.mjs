import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diffAnswer, diffInitial, diffJson, diffSequence, kindOf, short } from './compare.mjs';
import { exchange } from './connection.mjs';
import { noRig } from './rig.mjs';
import { deepFill } from './template.mjs';
import { Socket } from './ws.mjs';

/** Reads the groups of a directory, in their order. */
export function readGroups(directory, only) {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean))
    .map((lines) => lines.map((line) => JSON.parse(line)))
    .filter(([{ group }]) => only === undefined || only.includes(group.name))
    .sort(([a], [b]) => a.group.order - b.group.order);
}

/** Reads differences.json: what we answer instead, and why, by the name of the case. */
export function readDifferences(file) {
  return new Map(JSON.parse(readFileSync(file, 'utf8')).map((entry) => [entry.name, entry]));
}

const NOTHING_LATER = { cases: [], events: [], keys: {} };

/**
 * Reads later.json: what is not there yet. `cases` are skipped (`*` is any text), of the
 * `events` of a WebSocket only the presence among the first ones counts, and what is expected has these values at `keys`
 * (null: not the key).
 */
export function readLater(file) {
  return { ...NOTHING_LATER, ...JSON.parse(readFileSync(file, 'utf8')) };
}

function skippedAsLater(name) {
  return { name, result: 'skipped', diff: ['comes later'] };
}

/**
 * Replays groups against a server. `target` is {base, prefix}, `front` that of cases recorded
 * through the TLS front. The result has one {name, result, diff} a case.
 */
export class Replay {
  #given;
  #values = {};
  #unsupported = new Set();
  #held = new Map();
  #sockets = new Map();
  #later;
  #laterKeys;
  #added = [];

  constructor(given) {
    this.#given = { rig: noRig, user: 'admin', passwd: 'admin', differences: new Map(), ...given };
    const { cases, keys } = this.#given.later ?? NOTHING_LATER;
    this.#later = cases.map((text) => new RegExp(`^${text.replaceAll('*', '.*')}$`));
    this.#laterKeys = new Map(Object.entries(keys));
  }

  /** Replays one group; `onCase` gets each result as it comes. */
  async group([, ...lines], onCase) {
    this.#values = { prefix: this.#given.target.prefix };
    this.#unsupported = new Set();
    const cases = lines.filter(({ name }) => name);
    if (cases.every(({ name }) => this.#comesLater(name))) {
      // Nothing counts, so neither the side actions nor their waits are played.
      for (const { name } of cases) onCase(skippedAsLater(name));
      return;
    }
    let loggedIn = false;
    for (const line of lines) {
      if (!line.rig?.reset && !loggedIn) {
        loggedIn = true;
        await this.#login();
      }
      if (line.name) onCase(await this.#case(line));
      else await this.#action(line);
    }
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
  }

  #comesLater(name) {
    return this.#later.some((pattern) => pattern.test(name));
  }

  async #login() {
    const { target, user, passwd } = this.#given;
    const request = {
      method: 'POST',
      path: '/auth/login',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ user, passwd }).toString(),
    };
    const answer = await exchange(target, request, this.#values);
    this.#capture({ token: { cookie: 'auth_token' } }, answer);
  }

  async #case(line) {
    const { name, flaky } = line;
    const target = this.#targetOf(line);
    const lacking = line.needs?.filter((need) => this.#lacks(need, target)) ?? [];
    if (target === undefined) lacking.push(`a way via ${line.via}`);
    if (this.#comesLater(name)) return skippedAsLater(name);
    if (lacking.length > 0) {
      return { name, result: 'skipped', diff: [`the rig lacks ${lacking.join(', ')}`] };
    }
    let diff;
    try {
      const during = this.#during(line.during ?? []);
      diff = await this.#run(this.#without(this.#withDifference(line)), target);
      await during;
    } catch (error) {
      diff = [String(error?.message ?? error).slice(0, 300)];
    }
    const result = diff.length === 0 ? 'passed' : flaky ? 'flaky' : 'failed';
    return { name, result, diff };
  }

  #withDifference(line) {
    this.#added = this.#addedIn(line.name);
    const difference = this.#given.differences.get(line.name);
    if (difference === undefined) return line;
    const { headers, more, volatile, steps, ...ours } = difference.ours;
    if (line.ws) return { ...line, ws: { ...line.ws, steps } };
    const expect = { ...structuredClone(line.expect), ...ours };
    if (headers) expect.headers = { ...expect.headers, ...headers };
    for (const [pointer, value] of Object.entries(more ?? {})) {
      const keys = pointer.split('/').slice(1);
      const last = keys.pop();
      keys.reduce((inner, key) => inner[key], expect.json)[last] = value;
    }
    return { ...line, expect, volatile: [...(line.volatile ?? []), ...(volatile ?? [])] };
  }

  /** The case without the keys that are not there yet. */
  #without(line) {
    if (this.#laterKeys.size === 0) return line;
    const { request, ...rest } = line;
    const text = JSON.stringify(rest, (key, value) =>
      this.#laterKeys.has(key) ? (this.#laterKeys.get(key) ?? undefined) : value,
    );
    return { ...JSON.parse(text), ...(request ? { request } : {}) };
  }

  /** Pointers of what we put into events besides; of a group by `GROUP/*`. */
  #addedIn(name) {
    const group = `${name.split('/')[0]}/*`;
    return (this.#given.differences.get(group)?.ours.added ?? []).map((text) => text.split('/'));
  }

  #targetOf({ via }) {
    const { target, front } = this.#given;
    if (via === undefined) return target;
    return via === 'nginx' ? front : undefined;
  }

  #lacks(need, target) {
    if (need !== 'peer_root') return this.#unsupported.has(need);
    return target?.base.path === undefined || process.getuid() !== 0;
  }

  #run(line, target) {
    if (line.ws) return this.#session(line, target);
    if (line.ws_events) return this.#background(line.ws_events);
    return this.#request(line, target);
  }

  async #request(line, target) {
    const expect = deepFill(line.expect, this.#values, ['token']);
    const answer = await exchange(target, line.request, this.#values, {
      asRoot: line.peer === 'root',
      frontPath: line.front_path,
      readMs: expect.read_ms,
    });
    if (target.base.tls) dropSecure(answer);
    if (line.capture) this.#capture(line.capture, answer);
    return diffAnswer(expect, answer, line.volatile);
  }

  async #session(line, target) {
    const given = deepFill(line.ws, this.#values);
    const options = { asRoot: line.peer === 'root' };
    const socket = await Socket.open(target, given, this.#values, options);
    if (given.expect) return diffAnswer(given.expect, socket, line.volatile);
    if (socket.status !== 101) return [`handshake: ${socket.status} ${short(`${socket.body}`)}`];
    await sleep(given.initial_wait_ms ?? 1000);
    const found = this.#diffInitial(given.initial, socket.take(), given.ignore);
    const ignore = [...(given.ignore ?? []), ...(this.#given.later?.events ?? [])];
    for (const [index, step] of given.steps.entries()) {
      if (step.request) await exchange(target, step.request, this.#values);
      if (step.send_text !== undefined) socket.send(1, Buffer.from(step.send_text));
      if (step.send_binary_hex !== undefined) {
        socket.send(2, Buffer.from(step.send_binary_hex, 'hex'));
      }
      if (step.send_fill) socket.send(1, Buffer.alloc(step.send_fill.length, step.send_fill.byte));
      for (const frame of step.send_frames ?? []) {
        if (frame.raw_hex) socket.sendRaw(Buffer.from(frame.raw_hex, 'hex'));
        else socket.send(frame.opcode, Buffer.from(frame.payload_hex, 'hex'), frame.fin);
      }
      await sleep(step.wait_ms);
      const diff = diffSequence(step.expect, socket.take(), ignore);
      found.push(...diff.map((text) => `step ${index}: ${text}`));
    }
    socket.destroy();
    return found;
  }

  #diffInitial(want, got, ignore = []) {
    const later = new Set(this.#given.later?.events);
    const wanted = want.filter((frame) => !later.has(kindOf(frame)));
    for (const frame of got) for (const path of this.#added) dropAt(frame, path.slice(1));
    const kinds = new Set(got.map(kindOf));
    const missing = [...later].filter((kind) => !kinds.has(kind));
    return [
      ...missing.map((kind) => `initial ${kind}: not received`),
      ...diffInitial(wanted, got, [...ignore, ...later]),
    ];
  }

  #background({ id, mode, event_type, expect }) {
    const wanted = deepFill(expect, this.#values);
    const got = this.#sockets.get(id)?.take() ?? [];
    if (mode === 'initial') return this.#diffInitial(wanted, got);
    if (mode === 'contains') {
      return wanted
        .filter((frame) => !got.some((other) => diffJson(frame, other).length === 0))
        .map((frame) => `not received: ${short(frame)}`);
    }
    const parts = got.filter((frame) => kindOf(frame) === event_type).map(({ event }) => event);
    return diffJson(wanted, Object.assign({}, ...parts), [], '/merged');
  }

  async #during(actions) {
    for (const action of actions) await this.#action(action);
  }

  async #action(line) {
    const { target } = this.#given;
    if (line.rig) return this.#rig(line.rig);
    if (line.wait_ms !== undefined) return sleep(line.wait_ms);
    if (line.release) return void this.#held.get(line.release)?.destroy();
    if (line.ws_mark) return void this.#sockets.get(line.ws_mark.id)?.take();
    if (line.ws_close) return void this.#sockets.get(line.ws_close.id)?.destroy();
    if (line.ws_open) {
      const socket = await Socket.open(target, line.ws_open, this.#values);
      this.#sockets.set(line.ws_open.id, socket);
      return;
    }
    const request = line.setup ?? line.request;
    if (request === undefined) return;
    const answer = await exchange(target, request, this.#values);
    if (request.hold) this.#held.set(request.hold, answer.held);
    if (line.capture) this.#capture(line.capture, answer);
  }

  async #rig(action) {
    const [key] = Object.keys(action);
    if (key === 'totp_secret') this.#values.totp_secret = action[key];
    if (await this.#given.rig(action)) return;
    const variant = key === 'reset' && action.reset !== 'default' ? `:${action.reset}` : '';
    this.#unsupported.add(`${key}${variant}`);
  }

  #capture(spec, answer) {
    if (answer.closed) return;
    for (const [name, { cookie, json }] of Object.entries(spec)) {
      if (cookie) {
        const header = [answer.headers['set-cookie'] ?? ''].flat().join(';');
        this.#values[name] = new RegExp(`${cookie}=([^;]+)`).exec(header)?.[1];
      } else {
        const keys = json.split('/').slice(1);
        this.#values[name] = keys.reduce((value, key) => value?.[key], JSON.parse(answer.body));
      }
    }
  }
}

/** Over TLS a cookie is Secure besides; the recordings are of plain HTTP. */
function dropSecure({ headers }) {
  const cookies = headers?.['set-cookie'];
  if (cookies === undefined) return;
  headers['set-cookie'] = [cookies].flat().map((cookie) => cookie.replace(/; Secure(?=;|$)/, ''));
}

function dropAt(value, path) {
  const inner = path.slice(0, -1).reduce((part, key) => part?.[key], value);
  if (inner !== null && typeof inner === 'object') delete inner[path.at(-1)];
}
