import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diffAnswer, diffInitial, diffJson, diffSequence, kindOf, short } from './compare.mjs';
import { exchange } from './connection.mjs';
import { startFileServer } from './file-server.mjs';
import { diffReports } from './hid-wire.mjs';
import { noRig } from './rig.mjs';
import { diffWire } from './switch-wire.mjs';
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

/**
 * Reads differences.json: what we answer instead, and why, by the name of the case; `then` are lines
 * that give the next cases what they start from in the recordings.
 */
export function readDifferences(file) {
  return new Map(JSON.parse(readFileSync(file, 'utf8')).map((entry) => [entry.name, entry]));
}

/**
 * Replays groups against a server. `target` is {base, prefix}, `front` that of cases recorded
 * through the TLS front, `frontHttp` of those through its plain port. The result has one {name, result, diff} a case.
 */
export class Replay {
  #given;
  #values = {};
  #unsupported = new Set();
  #held = new Map();
  #sockets = new Map();
  #stopFileServer = () => {};

  constructor(given) {
    const usual = { user: 'admin', passwd: 'admin', differences: new Map(), onlyPresent: [] };
    this.#given = { rig: noRig, ...usual, ...given };
  }

  /** Replays one group; `onCase` gets each result as it comes. */
  async group([, ...lines], onCase) {
    const { target, front } = this.#given;
    // Every request names this host.
    const frontUrl = front && `https://localhost:${front.base.port}`;
    this.#values = { prefix: target.prefix, ...(frontUrl ? { front: frontUrl } : {}) };
    this.#unsupported = new Set();
    let loggedIn = false;
    for (const line of lines) {
      if (!line.rig?.reset && !loggedIn) {
        loggedIn = true;
        await this.#login();
      }
      if (!line.name) {
        await this.#action(line);
        continue;
      }
      onCase(await this.#case(line));
      for (const each of this.#given.differences.get(line.name)?.then ?? []) {
        await this.#action(each);
      }
    }
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
    this.#stopFileServer();
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
    if (lacking.length > 0) {
      return { name, result: 'skipped', diff: [`the rig lacks ${lacking.join(', ')}`] };
    }
    let diff;
    try {
      const during = this.#during(line.during ?? []);
      diff = await this.#run(this.#withDifference(line), target);
      await during;
    } catch (error) {
      diff = [String(error?.message ?? error).slice(0, 300)];
    }
    const result = diff.length === 0 ? 'passed' : flaky ? 'flaky' : 'failed';
    return { name, result, diff };
  }

  /** The case with what is expected of us where we answer otherwise. */
  #withDifference(line) {
    const difference = this.#given.differences.get(line.name);
    if (difference === undefined) return line;
    const { headers, more = {}, removed = [], volatile = [], ...ours } = difference.ours;
    const changed = structuredClone(line);
    Object.assign(line.ws ? changed.ws : changed.expect, ours);
    // An answer in the envelope stands for a recorded plain text.
    if (ours.json) delete changed.expect.text;
    if (headers) changed.expect.headers = { ...changed.expect.headers, ...headers };
    const root = line.ws ? changed.ws : changed.expect.json;
    for (const [pointer, value] of Object.entries(more)) {
      const { inner, last } = placeOf(root, pointer);
      inner[last] = value;
    }
    for (const pointer of removed) {
      const { inner, last } = placeOf(root, pointer);
      delete inner[last];
    }
    return { ...changed, volatile: [...(line.volatile ?? []), ...volatile] };
  }

  #targetOf({ via }) {
    const { target, front, frontHttp } = this.#given;
    if (via === undefined) return target;
    // µStreamer's own HTTP is served by us, where its front has it.
    const own = target.base.path === undefined ? target : front;
    return { nginx: front, 'nginx-http': frontHttp, ustreamer: own }[via];
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
    const { switchLog: log } = this.#given;
    const before = log?.().length;
    const reports = this.#reportsSinceNow();
    const expect = deepFill(line.expect, this.#values, ['token']);
    const answer = await exchange(target, line.request, this.#values, {
      asRoot: line.peer === 'root',
      frontPath: line.front_path || line.via === 'ustreamer',
      readMs: expect.read_ms,
      firstPart: expect.multipart !== undefined,
    });
    if (target.base.tls) dropSecure(answer);
    if (line.capture) this.#capture(line.capture, answer);
    const found = diffAnswer(expect, answer, line.volatile);
    found.push(...(await reports(expect.hid_reports ?? line.hid_reports)));
    return log === undefined || line.switch_wire_requests === undefined
      ? found
      : [...found, ...(await diffWire(line.switch_wire_requests, () => log().slice(before)))];
  }

  async #session(line, target) {
    const given = deepFill(line.ws, this.#values);
    const options = { asRoot: line.peer === 'root' };
    const socket = await Socket.open(target, given, this.#values, options);
    if (given.expect) return diffAnswer(given.expect, socket, line.volatile);
    if (socket.status !== 101) return [`handshake: ${socket.status} ${short(`${socket.body}`)}`];
    await sleep(given.initial_wait_ms ?? 1000);
    const found = this.#diffInitial(given.initial, socket.take(), given.ignore);
    const ignore = [...(given.ignore ?? []), ...this.#given.onlyPresent];
    for (const [index, step] of given.steps.entries()) {
      const reports = this.#reportsSinceNow();
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
      diff.push(...(await reports(step.hid_reports)));
      found.push(...diff.map((text) => `step ${index}: ${text}`));
    }
    socket.destroy();
    return found;
  }

  /** Compares the reports that come from now on, where the rig shows them. */
  #reportsSinceNow() {
    const { hidLog: log } = this.#given;
    const before = log?.().length;
    return async (wanted) =>
      log === undefined || wanted === undefined
        ? []
        : await diffReports(wanted, () => log().slice(before));
  }

  #diffInitial(want, got, ignore = []) {
    const { onlyPresent } = this.#given;
    const wanted = want.filter((frame) => !onlyPresent.includes(kindOf(frame)));
    const kinds = new Set(got.map(kindOf));
    const missing = onlyPresent.filter((kind) => !kinds.has(kind));
    return [
      ...missing.map((kind) => `initial ${kind}: not received`),
      ...diffInitial(wanted, got, [...ignore, ...onlyPresent]),
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
    if (line.wait_ms !== undefined) {
      await sleep(line.wait_ms);
      return this.#given.settled?.();
    }
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
    if (key === 'http_file_server') {
      this.#stopFileServer();
      this.#stopFileServer = await startFileServer(action[key]);
      return;
    }
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

/** Where a JSON pointer leads: the object and its key. */
function placeOf(value, pointer) {
  const keys = pointer.split('/').slice(1);
  const path = keys.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { last: path.pop(), inner: path.reduce((part, key) => part[key], value) };
}

/** Over TLS a cookie is Secure besides; the recordings are of plain HTTP. */
function dropSecure({ headers }) {
  const cookies = headers?.['set-cookie'];
  if (cookies === undefined) return;
  headers['set-cookie'] = [cookies].flat().map((cookie) => cookie.replace(/; Secure(?=;|$)/, ''));
}
