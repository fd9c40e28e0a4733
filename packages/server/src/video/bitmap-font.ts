/** Glyphs of 5x7 dots: seven rows from the top, five bits each, the highest on the left. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '0e11111f111111',
  B: '1e11111e11111e',
  C: '0e11101010110e',
  D: '1e11111111111e',
  E: '1f10101e10101f',
  F: '1f10101e101010',
  G: '0e11101711110f',
  H: '1111111f111111',
  I: '0e04040404040e',
  J: '0702020202120c',
  K: '11121418141211',
  L: '1010101010101f',
  M: '111b1515111111',
  N: '11191513111111',
  O: '0e11111111110e',
  P: '1e11111e101010',
  Q: '0e11111115120d',
  R: '1e11111e141211',
  S: '0f10100e01011e',
  T: '1f040404040404',
  U: '1111111111110e',
  V: '11111111110a04',
  W: '11111115151b11',
  X: '11110a040a1111',
  Y: '11110a04040404',
  Z: '1f01020408101f',
  0: '0e11131519110e',
  1: '040c040404040e',
  2: '0e11010204081f',
  3: '1f02040201110e',
  4: '02060a121f0202',
  5: '1f101e0101110e',
  6: '0608101e11110e',
  7: '1f010204080808',
  8: '0e11110e11110e',
  9: '0e11110f01020c',
  '.': '00000000000c0c',
  ',': '000000000c0408',
  ':': '000c0c000c0c00',
  "'": '0c040800000000',
  '"': '0a0a0a00000000',
  '-': '0000001f000000',
  '/': '00010204081000',
  '(': '02040808080402',
  ')': '08040202020408',
  '!': '04040404000004',
  _: '0000000000001f',
};

/** An open box for what the font lacks. */
const UNKNOWN = '1f11111111111f';

/** Dots from one character's left edge to the next one's. */
export const ADVANCE = 6;
/** Dots from one line's top to the next one's. */
export const LINE_HEIGHT = 10;

/** Calls `dot` for every set dot of a line of text, in dots from its top left; capitals only. */
export function eachDot(text: string, dot: (x: number, y: number) => void): void {
  [...text.toUpperCase()].forEach((character, position) => {
    if (character === ' ') return;
    const glyph = GLYPHS[character] ?? UNKNOWN;
    for (let y = 0; y < 7; y += 1) {
      const row = Number.parseInt(glyph.slice(y * 2, y * 2 + 2), 16);
      for (let x = 0; x < 5; x += 1) {
        if (row & (0x10 >> x)) dot(position * ADVANCE + x, y);
      }
    }
  });
}

/** Breaks a text into lines of at most `columns` characters, at blanks where there are any. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = word;
    }
    for (; line.length > columns; line = line.slice(columns)) lines.push(line.slice(0, columns));
  }
  return line === '' ? lines : [...lines, line];
}
