/**
 * TESmart switches of up to 16 ports, over TCP or a serial line of 9600 baud.
 *
 *     AA BB 03 command value EE     request and reply
 *     10 00                         which port? the reply counts from 0
 *     01 nn                         select port nn, 1..16
 */

/** Length of a reply, bytes. */
export const TESMART_REPLY_BYTES = 6;
const REPLY_VALUE = 4;
/** Ports of the largest model. */
const PORTS = 16;

function frame(command: number, value: number): Uint8Array {
  return Uint8Array.of(0xaa, 0xbb, 0x03, command, value, 0xee);
}

/** Asks for the active port. */
export function tesmartGet(): Uint8Array {
  return frame(0x10, 0);
}

/** Selects a port, counted from 0. */
export function tesmartSet(port: number): Uint8Array {
  return frame(0x01, port + 1);
}

/** The port in a reply, counted from 0; undefined when these bytes are no reply to `tesmartGet`. */
export function tesmartPort(reply: Uint8Array): number | undefined {
  if (reply.length < TESMART_REPLY_BYTES || reply[0] !== 0xaa || reply[1] !== 0xbb) {
    return undefined;
  }
  const port = reply[REPLY_VALUE];
  return port !== undefined && port < PORTS ? port : undefined;
}
