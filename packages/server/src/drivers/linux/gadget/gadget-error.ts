/** The gadget cannot be made or removed; the message says why and what to do. */
export class GadgetError extends Error {
  override readonly name = 'GadgetError';
}

/** What an error says, for a message that goes on. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
