/** What a light of the machine is. */
export interface LedProps {
  readonly kind: 'power' | 'disk';
  /** Undefined while it is not known. */
  readonly lit: boolean | undefined;
  readonly words: { readonly lit: string; readonly dark: string };
}

/** A light; lit and dark differ in shape too, and in words. */
export function Led({ kind, lit, words }: LedProps) {
  const text = lit === undefined ? 'Not known' : lit ? words.lit : words.dark;
  return (
    <span class={`led ${kind}`} data-lit={lit === true} role="img" aria-label={text} title={text} />
  );
}
