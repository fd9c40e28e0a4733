/** What a command reads and writes; the process's own streams, or a test's. */
export interface CliIo {
  readonly stdin: CliInput;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** A readable stream, perhaps a terminal. */
export type CliInput = AsyncIterable<Uint8Array | string> & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/** The command line makes no sense; the message is the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** It cannot be done; the message says why and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** Runs a command: 0 when done, 1 when it could not be, 2 for a wrong command line. */
export async function runCommand(io: CliIo, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
