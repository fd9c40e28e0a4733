import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Before what counts: code gets compiled and connections are made. */
const WARM_UP_MS = 500;

/**
 * Requests a URL over keep-alive connections for `ms`, from a thread of its own, and gives the
 * requests per second. Answers must all have the status 200.
 */
export async function load(options) {
  return (await measure(options)).perSecond;
}

/**
 * The same, with the time from a request to its answer, and how much CPU the process `pid` took for
 * one: {perSecond, p50Ms, p99Ms, cpuUs}. The server is at `host` and `port`, with TLS when `tls`, or
 * at the unix socket `socketPath`; the request is `method` (GET), `path`, `headers` and `body`.
 */
export async function measure(options) {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const [result] = await once(worker, 'message');
  await worker.terminate();
  if (result.error) throw new Error(result.error);
  return result;
}

function requestOf({ method = 'GET', path, headers, host = 'localhost', port, body = '' }) {
  const all = { host: port === undefined ? host : `${host}:${port}`, ...headers };
  if (method !== 'GET') all['content-length'] = Buffer.byteLength(body);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

async function open({ host, port, tls, socketPath }) {
  if (tls) {
    const socket = connectTls({ host, port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return socket;
  }
  const socket = socketPath === undefined ? connect(port, host) : connect(socketPath);
  await once(socket, 'connect');
  return socket;
}

async function run(options) {
  const request = requestOf(options);
  const times = [];
  let stopped = false;
  const drive = async () => {
    const socket = await open(options);
    socket.setNoDelay(true);
    let answer = Buffer.alloc(0);
    let length = 0;
    let began = 0;
    const send = () => {
      answer = Buffer.alloc(0);
      length = 0;
      began = performance.now();
      socket.write(request);
    };
    socket.on('data', (chunk) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
      if (length === 0) length = answerLength(answer);
      if (length === 0 || answer.length < length) return;
      times.push(performance.now() - began);
      if (!stopped) send();
    });
    socket.on('end', () => {
      if (!stopped) throw new Error('the server closed a connection that is kept alive');
    });
    send();
    return socket;
  };
  const sockets = await Promise.all(Array.from({ length: options.connections }, drive));
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  times.length = 0;
  const cpuBefore = cpuUsOf(options.pid);
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, options.ms));
  const perSecond = (times.length * 1000) / (performance.now() - began);
  const cpuUs = (cpuUsOf(options.pid) - cpuBefore) / times.length;
  stopped = true;
  for (const socket of sockets) socket.destroy();
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), cpuUs };
}

/** The time of the CPU that a process has had, in its steps of 10 ms; 0 without a process. */
function cpuUsOf(pid) {
  if (pid === undefined) return 0;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): utime and stime are the 12th and 13th behind the name.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** How long the answer is; 0 until its head is there. */
function answerLength(bytes) {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const text = bytes.latin1Slice(0, head).toLowerCase();
  if (!text.startsWith('http/1.1 200')) throw new Error(`not a 200: ${text.slice(0, 80)}`);
  const length = /content-length: (\d+)/.exec(text)?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${text.slice(0, 200)}`);
  return head + 4 + Number(length);
}

if (!isMainThread) {
  process.on('uncaughtException', (error) => parentPort.postMessage({ error: error.message }));
  run(workerData).then(
    (result) => parentPort.postMessage(result),
    (error) => parentPort.postMessage({ error: error.message }),
  );
}
