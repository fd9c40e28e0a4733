import { once } from 'node:events';
import { connect } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * Requests a URL over keep-alive connections for `ms`, from a thread of its own, and gives the
 * requests per second. Answers must all have the length of the first and the status 200.
 */
export async function load(options) {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const [result] = await once(worker, 'message');
  await worker.terminate();
  if (result.error) throw new Error(result.error);
  return result.perSecond;
}

async function run({ host, port, path, headers, connections, ms }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}\r\n`);
  let count = 0;
  let stopped = false;
  const drive = async () => {
    const socket = connect(port, host);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    let length = 0;
    let have = 0;
    socket.on('data', (chunk) => {
      if (length === 0) length = answerLength(chunk);
      have += chunk.length;
      if (have < length) return;
      // Another state may be a little longer: each answer says its own length.
      have = 0;
      length = 0;
      count += 1;
      if (!stopped) socket.write(request);
    });
    socket.write(request);
    return socket;
  };
  const sockets = await Promise.all(Array.from({ length: connections }, drive));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = count;
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const perSecond = ((count - before) * 1000) / (performance.now() - began);
  stopped = true;
  for (const socket of sockets) socket.destroy();
  return perSecond;
}

function answerLength(chunk) {
  const head = chunk.indexOf('\r\n\r\n');
  const text = chunk.latin1Slice(0, head).toLowerCase();
  if (!text.startsWith('http/1.1 200')) throw new Error(`not a 200: ${text.slice(0, 80)}`);
  const length = /content-length: (\d+)/.exec(text)?.[1];
  return head + 4 + Number(length);
}

if (!isMainThread) {
  process.on('uncaughtException', (error) => parentPort.postMessage({ error: error.message }));
  void run(workerData).then((perSecond) => parentPort.postMessage({ perSecond }));
}
