const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * The base 64 of crypt(3): each group names the digest bytes of one 24-bit word, most significant
 * first (-1 is a zero byte); six bits a character, least significant first.
 */
export function encodeCrypt64(digest: Uint8Array, groups: readonly (readonly number[])[]): string {
  let text = '';
  for (const [high = -1, middle = -1, low = -1] of groups) {
    let word = ((digest[high] ?? 0) << 16) | ((digest[middle] ?? 0) << 8) | (digest[low] ?? 0);
    const characters = high >= 0 ? 4 : middle >= 0 ? 3 : 2;
    for (let i = 0; i < characters; i++) {
      text += ALPHABET.charAt(word & 0x3f);
      word >>= 6;
    }
  }
  return text;
}
