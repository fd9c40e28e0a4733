/**
 * Numbers and frames of the Network Block Device protocol, fixed newstyle (doc/proto.md of
 * NetworkBlockDevice/nbd). All integers are big-endian.
 *
 *     greeting      "NBDMAGIC" "IHAVEOPT" flags:2           client's answer: flags:4
 *     option        "IHAVEOPT" option:4 length:4 data…
 *     option reply  3e889045565a9:8 option:4 type:4 length:4 data…
 *     request       25609513:4 flags:2 type:2 cookie:8 offset:8 length:4
 *     simple reply  67446698:4 error:4 cookie:8 data…
 *     chunk         668e33ef:4 flags:2 type:2 cookie:8 length:4, then
 *                   offset:8 data… or error:4 length:2 text…
 */
export const GREETING = new TextEncoder().encode('NBDMAGICIHAVEOPT');
/** What an option begins with; a greeting of the old style has something else here. */
export const OPTION_MAGIC = 0x49_48_41_56_45_4f_50_54n;
export const OPTION_REPLY_MAGIC = 0x3_e889_0455_65a9n;
export const REQUEST_MAGIC = 0x25609513;
export const REPLY_MAGIC = 0x67446698;
export const CHUNK_MAGIC = 0x668e33ef;

export const GREETING_BYTES = 18;
export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;
export const REQUEST_BYTES = 28;
export const REPLY_BYTES = 16;
/** Zeros after the answer to `exportName`, unless both sides do without. */
export const PADDING_BYTES = 124;

/** Longest data of an option or of its reply, bytes: names have 4096 at most. */
export const MAX_OPTION_BYTES = 8192;
/** Longest read or write that anybody asks for unless a limit was told, bytes. */
export const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

/** The handshake's flags, of both sides. */
export const HANDSHAKE_FLAG = { fixedNewstyle: 1, noZeroes: 2 } as const;
export const OPTION = {
  ...{ exportName: 1, abort: 2, list: 3, startTls: 5, info: 6, go: 7, structuredReply: 8 },
} as const;
export const OPTION_REPLY = {
  ...{ ack: 1, server: 2, info: 3 },
  ...{ unsupported: 0x8000_0001, policy: 0x8000_0002, invalid: 0x8000_0003 },
  ...{ tlsRequired: 0x8000_0005, unknown: 0x8000_0006 },
} as const;
/** Bit of all option replies that are errors. */
export const OPTION_ERROR = 0x8000_0000;
export const INFO = { export: 0, blockSize: 3 } as const;
export const TRANSMISSION_FLAG = {
  ...{ hasFlags: 1, readOnly: 2, sendFlush: 4, doNotFragment: 0x80, multipleConnections: 0x100 },
} as const;
/** A read is to be answered by one chunk. */
export const COMMAND_FLAG_WHOLE = 4;
/** Of chunks: it is the last one. */
export const CHUNK_FLAG_DONE = 1;
export const CHUNK = { offsetData: 1, error: 0x8001 } as const;
export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, zero: 6 } as const;
/** Errors of replies; they are numbers of Linux. */
export const NBD_ERROR = { permission: 1, io: 5, invalid: 22, shutdown: 108 } as const;

/** The other side does not speak the protocol, or breaks a limit: the connection is to be closed. */
export class NbdError extends Error {
  override readonly name = 'NbdError';
}

/** The view of some bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Integers and bytes one after another; a pair is a value and its number of bytes. */
export function frame(
  ...parts: readonly (readonly [number | bigint, 2 | 4 | 8] | Uint8Array)[]
): Uint8Array {
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.set(part, at);
    else if (part[1] === 2) view.setUint16(at, Number(part[0]));
    else if (part[1] === 4) view.setUint32(at, Number(part[0]));
    else view.setBigUint64(at, BigInt(part[0]));
    at += lengthOf(part);
  }
  return bytes;
}

function lengthOf(part: readonly [number | bigint, number] | Uint8Array): number {
  return part instanceof Uint8Array ? part.length : part[1];
}
