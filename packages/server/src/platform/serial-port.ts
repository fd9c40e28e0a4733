import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { lastSystemError, nativeFunction } from './libc.ts';

/** Speeds that a serial port can have, baud. */
export const SERIAL_SPEEDS = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] as const;
export type SerialSpeed = (typeof SERIAL_SPEEDS)[number];

// struct termios of Linux, which is 60 bytes; some room for other C libraries.
const TERMIOS_BYTES = 128;
const CFLAG_AT = 8;
const CSTOPB = 0o100;
const CREAD = 0o200;
const PARENB = 0o400;
const CLOCAL = 0o4000;
const CRTSCTS = 0o20_000_000_000;
const TCSANOW = 0;
const TCIOFLUSH = 2;

/**
 * Opens a serial port for raw bytes: 8 data bits, no parity, 1 stop bit, no flow control. The stream
 * ends or fails when the port goes away; destroy it to close the port. Rejects with the system's
 * error, or when the optional koffi is missing.
 */
export async function openSerialPort(path: string, speed: SerialSpeed): Promise<Duplex> {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  // Without O_NONBLOCK opening would wait for a carrier.
  const handle = await open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  try {
    setRaw(handle.fd, speed);
    // Node's streams of terminals are the ones that wait for bytes without a thread.
    const stream: Duplex = new ReadStream(handle.fd);
    stream.once('close', () => void handle.close().catch(() => undefined));
    return stream;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function setRaw(fd: number, speed: SerialSpeed): void {
  const termios = new Uint8Array(TERMIOS_BYTES);
  const call = (declaration: string, ...args: readonly unknown[]) => {
    if (nativeFunction(declaration)(...args) < 0) throw lastSystemError('termios');
  };
  call('int tcgetattr(int fd, void *termios)', fd, termios);
  nativeFunction('void cfmakeraw(void *termios)')(termios);
  const view = new DataView(termios.buffer);
  const flags = view.getUint32(CFLAG_AT, true);
  view.setUint32(CFLAG_AT, (flags & ~(CSTOPB | PARENB | CRTSCTS)) | CREAD | CLOCAL, true);
  call('int cfsetspeed(void *termios, unsigned int speed)', termios, speed);
  call('int tcsetattr(int fd, int when, void *termios)', fd, TCSANOW, termios);
  call('int tcflush(int fd, int queues)', fd, TCIOFLUSH);
}
