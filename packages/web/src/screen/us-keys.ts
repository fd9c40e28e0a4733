import type { KeyName } from '@crashcart/api';

/** A key with or without Shift. */
export interface Strike {
  readonly key: KeyName;
  readonly shift: boolean;
}

/** Digits and signs of a US keyboard: key, plain, with Shift. */
const SIGNS: readonly (readonly [KeyName, string, string])[] = [
  ['Digit1', '1', '!'],
  ['Digit2', '2', '@'],
  ['Digit3', '3', '#'],
  ['Digit4', '4', '$'],
  ['Digit5', '5', '%'],
  ['Digit6', '6', '^'],
  ['Digit7', '7', '&'],
  ['Digit8', '8', '*'],
  ['Digit9', '9', '('],
  ['Digit0', '0', ')'],
  ['Minus', '-', '_'],
  ['Equal', '=', '+'],
  ['BracketLeft', '[', '{'],
  ['BracketRight', ']', '}'],
  ['Backslash', '\\', '|'],
  ['Semicolon', ';', ':'],
  ['Quote', "'", '"'],
  ['Backquote', '`', '~'],
  ['Comma', ',', '<'],
  ['Period', '.', '>'],
  ['Slash', '/', '?'],
];

const STRIKES: ReadonlyMap<string, Strike> = new Map<string, Strike>([
  ...SIGNS.flatMap(([key, plain, shifted]): [string, Strike][] => [
    [plain, { key, shift: false }],
    [shifted, { key, shift: true }],
  ]),
  ...[...'abcdefghijklmnopqrstuvwxyz'].flatMap((letter): [string, Strike][] => {
    const key = `Key${letter.toUpperCase()}` as KeyName;
    return [
      [letter, { key, shift: false }],
      [letter.toUpperCase(), { key, shift: true }],
    ];
  }),
  [' ', { key: 'Space', shift: false }],
  ['\n', { key: 'Enter', shift: false }],
  ['\t', { key: 'Tab', shift: false }],
]);

/**
 * The keys of a US keyboard for a text; undefined when it lacks one of the characters. With
 * `capsLock` on, Shift is the other way round for letters.
 */
export function strikesOf(text: string, capsLock: boolean): readonly Strike[] | undefined {
  const strikes: Strike[] = [];
  for (const character of text) {
    const strike = STRIKES.get(character);
    if (strike === undefined) return undefined;
    const turned = capsLock && /[a-z]/i.test(character);
    strikes.push(turned ? { key: strike.key, shift: !strike.shift } : strike);
  }
  return strikes;
}
