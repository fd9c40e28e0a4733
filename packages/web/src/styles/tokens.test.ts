import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

/** The colours of a rule that begins with this text. */
function coloursOf(start: string): Readonly<Record<string, string>> {
  const body = CSS.slice(CSS.indexOf(`${start} {`)).split('}')[0] ?? '';
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

const LIGHT = coloursOf(':root');
const DARK = coloursOf(':root[data-theme="dark"]');
const SYSTEM_DARK = coloursOf('  :root:not([data-theme="light"])');

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['page', 'surface', 'sunken'] as const;
/** Texts on what is behind them: 4.5 to 1 (WCAG 1.4.3, AA). */
const TEXTS: readonly (readonly [string, string])[] = [
  ...GROUNDS.flatMap((ground) => [
    ...(['text', 'text-quiet', 'accent', 'warn', 'bad'] as const).map(
      (text) => [text, ground] as const,
    ),
  ]),
  ['accent-text', 'accent'],
  ...(['warn-back', 'bad-back'] as const).flatMap((back) => [
    ['text', back] as const,
    ['text-quiet', back] as const,
  ]),
  ['warn', 'warn-back'],
  ['bad', 'bad-back'],
];
/** Edges of controls, lights and the focus ring: 3 to 1 (WCAG 1.4.11, AA). */
const SIGNS: readonly (readonly [string, string])[] = [
  ...GROUNDS.flatMap((ground) => [
    ['line-strong', ground] as const,
    ['accent', ground] as const,
    ['good', ground] as const,
  ]),
  // The dashed frame around a screen that has the focus.
  ['line-strong', 'stage'],
];

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('the %s colours', (_, colours) => {
  const of = (name: string) => colours[name] ?? 'missing';

  it('are all there', () => {
    expect(Object.keys(colours).toSorted()).toEqual(Object.keys(LIGHT).toSorted());
    expect(Object.keys(colours).length).toBeGreaterThan(12);
  });

  it.each(TEXTS)('make %s on %s readable', (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)('make %s on %s seen', (sign, ground) => {
    expect(contrast(of(sign), of(ground))).toBeGreaterThanOrEqual(3);
  });
});

it('the dark colours are the same whether chosen or the system’s', () => {
  expect(SYSTEM_DARK).toEqual(DARK);
});
