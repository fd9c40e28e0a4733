import type { Duplex } from 'node:stream';
import { sleep } from '../../core/sleep.ts';
import { openSerialPort, type SerialSpeed } from '../../platform/serial-port.ts';
import { connectTcp } from '../../platform/tcp-socket.ts';
import {
  TESMART_REPLY_BYTES,
  tesmartGet,
  tesmartPort,
  tesmartSet,
} from '../../protocols/kvm-switch/tesmart.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';
import { withLimit } from './with-limit.ts';

/** Options of the driver, named as in the configuration; times in s. */
export interface TesmartOptions {
  /** Has priority over `device`. */
  readonly host: string;
  readonly port: number;
  readonly device: string;
  readonly speed: SerialSpeed;
  /** For connecting, and for an answer. */
  readonly timeout: number;
  /** How long the switch takes to change its port. */
  readonly switch_delay: number;
  readonly state_poll: number;
}

/** Ports of the largest model. */
const PORTS = 16;

/** A TESmart KVM switch: the active port is on, and setting one selects it. */
export function createTesmart(options: TesmartOptions, context: GpioContext): PolledDriver {
  const { host, port, device, speed, switch_delay: switchDelay } = options;
  const open = (signal: AbortSignal): Promise<Duplex> =>
    host === '' ? openSerialPort(device, speed) : connectTcp(host, port, signal);
  /** A connection for each command, as the switches serve one client at a time. */
  const talk = (signal: AbortSignal, request: Uint8Array, replyBytes: number) =>
    withLimit(options.timeout * 1000, [signal], async (limited) => {
      const link = await open(limited);
      try {
        return await exchange(link, request, replyBytes, limited);
      } finally {
        link.destroy();
      }
    });
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    async poll(signal) {
      const active = tesmartPort(await talk(signal, tesmartGet(), TESMART_REPLY_BYTES));
      if (active === undefined) throw new Error('The switch did not tell its port');
      return new Map(Array.from({ length: PORTS }, (_, each) => [String(each), each === active]));
    },
    async write(pin, level, signal) {
      if (!level) return;
      await talk(signal, tesmartSet(Number(pin)), 0);
      await sleep(switchDelay * 1000, signal);
    },
  });
}

/** Writes a request and reads as many bytes; rejects when the peer ends or `signal` aborts. */
function exchange(
  link: Duplex,
  request: Uint8Array,
  replyBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let reply = Buffer.alloc(0);
    link.on('error', reject);
    link.once('close', () => reject(new Error('The switch ended the connection')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    link.on('data', (bytes: Buffer) => {
      reply = Buffer.concat([reply, bytes]).subarray(0, replyBytes);
      if (replyBytes > 0 && reply.length === replyBytes) resolve(reply);
    });
    link.write(request, (error) => {
      if (error) reject(error);
      else if (replyBytes === 0) resolve(reply);
    });
  });
}
