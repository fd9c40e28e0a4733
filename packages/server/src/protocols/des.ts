/**
 * DES (FIPS 46-3) of one block, as VNC authentication needs it: Node's OpenSSL has it no longer. Of
 * no use to protect anything. Tables have the standard's names and count bits from 1, the highest.
 */

// biome-ignore format: tables are read by rows
const IP = [
  58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
  62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
  57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3,
  61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
// biome-ignore format: tables are read by rows
const E = [
  32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17,
  16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];
// biome-ignore format: tables are read by rows
const P = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
  2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
// biome-ignore format: tables are read by rows
const PC1 = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
// biome-ignore format: tables are read by rows
const PC2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
  41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
/** S1 to S8, four rows of sixteen each, a hexadecimal digit a value. */
const S = [
  'e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d',
  'f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9',
  'a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c',
  '7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e',
  '2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453',
  'c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d',
  '4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c',
  'd2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b',
].map((rows) => rows.replaceAll(' ', ''));

type Bits = readonly number[];

/** A block of 8 bytes encrypted with a key of 8 bytes, whose lowest bits do not count. */
export function desEncrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const permuted = pick(bitsOf(block), IP);
  let [left, right]: [Bits, Bits] = [permuted.slice(0, 32), permuted.slice(32)];
  for (const roundKey of roundKeys(bitsOf(key))) {
    [left, right] = [right, xor(left, mix(right, roundKey))];
  }
  const out = [...right, ...left];
  const result = new Uint8Array(8);
  // The last permutation is the inverse of the first.
  IP.forEach((from, index) => {
    const at = from - 1;
    result[at >> 3] = (result[at >> 3] ?? 0) | ((out[index] ?? 0) << (7 - (at & 7)));
  });
  return result;
}

function bitsOf(bytes: Uint8Array): Bits {
  return [...bytes].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> (7 - bit)) & 1),
  );
}

function pick(bits: Bits, table: readonly number[]): Bits {
  return table.map((from) => bits[from - 1] ?? 0);
}

function xor(a: Bits, b: Bits): Bits {
  return a.map((bit, index) => bit ^ (b[index] ?? 0));
}

function roundKeys(key: Bits): readonly Bits[] {
  const chosen = pick(key, PC1);
  let turn = 0;
  return SHIFTS.map((shift) => {
    turn += shift;
    const turned = [chosen.slice(0, 28), chosen.slice(28)].flatMap((half) => [
      ...half.slice(turn % 28),
      ...half.slice(0, turn % 28),
    ]);
    return pick(turned, PC2);
  });
}

function mix(right: Bits, roundKey: Bits): Bits {
  const mixed = xor(pick(right, E), roundKey);
  const substituted = S.flatMap((table, box) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mixed.slice(box * 6);
    const row = a * 2 + f;
    const column = b * 8 + c * 4 + d * 2 + e;
    const value = Number.parseInt(table.charAt(row * 16 + column), 16);
    return [3, 2, 1, 0].map((bit) => (value >> bit) & 1);
  });
  return pick(substituted, P);
}
