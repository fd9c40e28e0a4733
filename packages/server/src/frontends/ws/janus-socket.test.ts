import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { KvmError } from '@crashcart/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { silentLog } from '../../core/log.ts';
import type { WebRtc, WebRtcMachine } from '../../video/webrtc.ts';
import type { WebRtcViewer } from '../../video/webrtc-viewer.ts';
import { JanusSocket } from './janus-socket.ts';

type Message = Record<string, unknown>;

/** A viewer without a network. */
class FakeViewer {
  readonly #ended = new AbortController();
  readonly calls: string[] = [];
  readonly ended = this.#ended.signal;
  up = () => {};
  accept(answer: string) {
    if (answer === 'bad') throw new Error('bad');
    this.calls.push('accept');
  }
  addCandidate(candidate: string) {
    this.calls.push(candidate);
  }
  onOpen(told: () => void) {
    this.up = told;
  }
  start() {
    this.calls.push('start');
  }
  refresh() {
    this.calls.push('refresh');
  }
  close() {
    this.#ended.abort();
  }
}

describe("Janus's API", () => {
  let server: WebSocketServer;
  let socket: WebSocket;
  let viewers: FakeViewer[];
  let heard: Message[];
  let refusal: KvmError | undefined;
  let trouble: string | undefined;
  let withSound: boolean[];
  let sessionMs: number;
  let count = 0;

  beforeEach(async () => {
    viewers = [];
    heard = [];
    refusal = undefined;
    trouble = 'none';
    withSound = [];
    sessionMs = 60_000;
    const webRtc = {
      stun: 'stun:stun.example:3478',
      async offer(_machine: WebRtcMachine, _address: undefined, isWanted: boolean) {
        if (refusal) throw refusal;
        withSound.push(isWanted);
        const viewer = new FakeViewer();
        viewers.push(viewer);
        return viewer as unknown as WebRtcViewer;
      },
      describe: () => 'v=0 offer',
    } as unknown as WebRtc;
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (opened) => {
      const machine = { sound: { trouble } } as unknown as WebRtcMachine;
      new JanusSocket(opened, {
        ...{ webRtc, machine, localAddress: undefined, log: silentLog, sessionMs },
      });
    });
  });

  afterEach(() => {
    socket.terminate();
    server.close();
  });

  async function connect() {
    const { port } = server.address() as AddressInfo;
    socket = new WebSocket(`ws://127.0.0.1:${port}`, 'janus-protocol');
    socket.on('message', (data) => heard.push(JSON.parse(String(data))));
    await once(socket, 'open');
    expect(socket.protocol).toBe('janus-protocol');
  }

  /** The answer that is no acknowledgement, unless that is all there is. */
  async function call(message: Message): Promise<Message> {
    count += 1;
    const transaction = `t${count}`;
    socket.send(JSON.stringify({ ...message, transaction }));
    const isAll = message.janus === 'keepalive' || message.janus === 'trickle';
    const answer = () =>
      heard.find((each) => each.transaction === transaction && (isAll || each.janus !== 'ack'));
    await expect.poll(answer).toBeDefined();
    return answer() ?? {};
  }

  async function attach() {
    await connect();
    const created = await call({ janus: 'create' });
    const session_id = (created.data as { id: number }).id;
    const plugin = 'janus.plugin.ustreamer';
    const attached = await call({ janus: 'attach', session_id, plugin });
    return { session_id, handle_id: (attached.data as { id: number }).id };
  }

  const dataOf = ({ plugindata }: Message) => (plugindata as { data: unknown } | undefined)?.data;
  const started = { ustreamer: 'event', result: { status: 'started' } };

  it('watches, starts, asks for key frames and stops', async () => {
    const place = await attach();
    const ask = (request: string, more: Message = {}) =>
      call({ janus: 'message', ...place, body: { request }, ...more });
    expect(dataOf(await ask('features'))).toEqual({
      ustreamer: 'event',
      result: {
        status: 'features',
        features: { audio: false, mic: false, ice: { url: 'stun:stun.example:3478' } },
      },
    });
    const watching = await ask('watch');
    expect(watching).toMatchObject({
      ...{ janus: 'event', session_id: place.session_id, sender: place.handle_id },
      jsep: { type: 'offer', sdp: 'v=0 offer' },
    });
    expect(dataOf(watching)).toEqual(started);
    const [viewer] = viewers;
    const candidate = { candidate: 'candidate:1', sdpMid: 'v' };
    expect(await call({ janus: 'trickle', ...place, candidate })).toMatchObject({ janus: 'ack' });
    const bad = { jsep: { type: 'answer', sdp: 'bad' } };
    expect(dataOf(await ask('start', bad))).toMatchObject({ error_code: 400 });
    const answer = { jsep: { type: 'answer', sdp: 'v=0' } };
    expect(dataOf(await ask('start', answer))).toEqual(started);
    viewer?.up();
    const key = { janus: 'message', ...place, body: { request: 'key_required' } };
    socket.send(JSON.stringify({ ...key, transaction: 'key' }));
    await expect.poll(() => viewer?.calls).toEqual(['candidate:1', 'accept', 'start', 'refresh']);
    expect(heard).toContainEqual({
      ...{ janus: 'webrtcup', session_id: place.session_id, sender: place.handle_id },
    });
    expect(dataOf(await ask('stop'))).toMatchObject({ result: { status: 'stopped' } });
    expect(viewer?.ended.aborted).toBe(true);
    expect(dataOf(await ask('start'))).toMatchObject({ error_code: 400 });
    expect(dataOf(await ask('dance'))).toMatchObject({ error_code: 405 });
  });

  it('offers sound where there is some, to who asks for it', async () => {
    trouble = undefined;
    const place = await attach();
    const ask = (body: Message) => call({ janus: 'message', ...place, body });
    expect(dataOf(await ask({ request: 'features' }))).toMatchObject({
      result: { features: { audio: true, mic: false } },
    });
    for (const params of [{ audio: true, mic: true }, { audio: false }, 'loud', undefined]) {
      await ask({ request: 'watch', params });
    }
    expect(withSound).toEqual([true, false, false, false]);
  });

  it('tells that a connection has ended, and ends it with handle, session and socket', async () => {
    const place = await attach();
    const { session_id } = place;
    const watch = () => call({ janus: 'message', ...place, body: { request: 'watch' } });
    await watch();
    viewers[0]?.close();
    await expect.poll(() => heard.some(({ janus }) => janus === 'hangup')).toBe(true);
    await watch();
    expect(await call({ janus: 'detach', ...place })).toMatchObject({ janus: 'success' });
    expect(viewers[1]?.ended.aborted).toBe(true);
    expect(await call({ janus: 'hangup', ...place })).toMatchObject({ error: { code: 459 } });
    const again = await call({ janus: 'attach', session_id, plugin: 'janus.plugin.ustreamer' });
    place.handle_id = (again.data as { id: number }).id;
    await watch();
    socket.terminate();
    await expect.poll(() => viewers[2]?.ended.aborted).toBe(true);
  });

  it('says what is wrong in its codes, and goes on', async () => {
    const { session_id } = await attach();
    expect(await call({ janus: 'dance' })).toMatchObject({ error: { code: 453 } });
    expect(await call({ janus: 'keepalive', session_id: 1 })).toMatchObject({
      ...{ session_id: 1, error: { code: 458 } },
    });
    const plugin = 'janus.plugin.echotest';
    expect(await call({ janus: 'attach', session_id, plugin })).toMatchObject({
      error: { code: 460 },
    });
    socket.send('{');
    await expect.poll(() => heard.at(-1)).toMatchObject({ error: { code: 454 } });
    expect(await call({ janus: 'claim', session_id })).toMatchObject({ janus: 'success' });
    refusal = new KvmError('UnavailableError', 'Not here');
    const place = await attach();
    const refused = await call({ janus: 'message', ...place, body: { request: 'watch' } });
    expect(dataOf(refused)).toEqual({ ustreamer: 'event', error_code: 503, error: 'Not here' });
  });

  it('lets a silent session go, has few of them, and ends a flood', async () => {
    sessionMs = 50;
    await connect();
    await call({ janus: 'create' });
    await expect.poll(() => heard.at(-1)).toMatchObject({ janus: 'timeout' });
    socket.terminate();
    sessionMs = 60_000;
    await connect();
    for (let more = 0; more < 8; more += 1) await call({ janus: 'create' });
    expect(await call({ janus: 'create' })).toMatchObject({ error: { code: 472 } });
    const closed = once(socket, 'close');
    for (let more = 0; more < 400; more += 1) socket.send('{}');
    expect((await closed)[0]).toBe(1008);
  });
});
