/** The bytes are no EDID that can be read or changed; the message says where it is wrong. */
export class EdidError extends Error {
  override readonly name = 'EdidError';
}
