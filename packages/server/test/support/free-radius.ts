import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A UDP port that was free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Debian's FreeRADIUS on a port of its own, with a file of users. */
export class FreeRadius {
  readonly port: number;
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  /** Resolves when it answers; rejects with its output when it ends before. */
  static async start(secret: string, users: string): Promise<FreeRadius> {
    const dir = await mkdtemp(join(tmpdir(), 'crashcart-radius-'));
    const port = await freeUdpPort();
    await writeFile(join(dir, 'users'), users);
    await writeFile(
      join(dir, 'radiusd.conf'),
      `prefix = /usr
libdir = /usr/lib/freeradius
logdir = ${dir}
run_dir = ${dir}
client local {
  ipaddr = 127.0.0.1
  secret = ${secret}
}
modules {
  pap {
  }
  files {
    filename = ${dir}/users
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${port}
  }
  authorize {
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
}
`,
    );
    const args = ['-f', '-l', 'stdout', '-d', dir, '-D', '/usr/share/freeradius'];
    const child = spawn('freeradius', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    const closed = once(child, 'close');
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output.push(line);
          if (line.includes('Ready to process requests')) resolve();
        });
      }
      closed.then(() => reject(new Error(`freeradius ended:\n${output.join('\n')}`)), reject);
    });
    return new FreeRadius(port, async () => {
      child.kill('SIGKILL');
      await closed;
      await rm(dir, { recursive: true });
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}
