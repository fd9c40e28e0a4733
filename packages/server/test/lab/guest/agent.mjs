// Runs inside a lab machine, as its only way in besides the network: lines of JSON over a virtio port.
// Asked {id, op, …} it answers {id, …}: `spawn` with pieces of output and then `exit`; `kill`, `read`,
// `write` and `call`, which is of a function of a module, once. No dependencies.
import { spawn } from 'node:child_process';
import {
  constants,
  createReadStream,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';

const port = openSync(process.argv[2], constants.O_RDWR);
const children = new Map();

/** The port takes 32 KiB at most in one call. */
function say(message) {
  let bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(port, bytes));
}

const OPERATIONS = {
  spawn({ id, argv: [program, ...args], env = {}, input = '' }) {
    const child = spawn(program, args, { env: { ...process.env, ...env } });
    children.set(id, child);
    say({ id, pid: child.pid });
    child.stdin.on('error', () => undefined);
    child.stdin.end(Buffer.from(input, 'base64'));
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (piece) => say({ id, [name]: piece.toString('base64') }));
    }
    child.on('error', ({ message }) => say({ id, error: message }));
    child.on('close', (code, signal) => {
      children.delete(id);
      say({ id, exit: code ?? signal });
    });
  },
  kill({ id, child, signal }) {
    children.get(child)?.kill(signal);
    say({ id });
  },
  read({ id, path }) {
    say({ id, data: readFileSync(path).toString('base64') });
  },
  write({ id, path, data }) {
    writeFileSync(path, Buffer.from(data, 'base64'));
    say({ id });
  },
  async call({ id, module, name, args }) {
    const { [name]: called } = await import(module);
    say({ id, result: await called(...args) });
  },
};

createInterface({ input: createReadStream('', { fd: port }) }).on('line', async (line) => {
  const request = JSON.parse(line);
  try {
    await OPERATIONS[request.op](request);
  } catch ({ message, code }) {
    say({ id: request.id, error: message, code });
  }
});
say({ id: 0, ready: process.uptime() });
