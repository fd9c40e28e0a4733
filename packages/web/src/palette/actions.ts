import { computed, signal } from '@preact/signals';

/** Something that the palette can do. */
export interface Action {
  /** Unique, e.g. `power.reset`. */
  readonly id: string;
  /** What it is called, as on its button. */
  readonly name: string;
  /** More words by which it is found. */
  readonly words?: string;
  /** What it belongs to, in one word that is shown beside it, e.g. `Shortcut`. */
  readonly group?: string;
  /** Unsaved work may be lost: it is held for a second, as its button is. */
  readonly danger?: boolean;
  /** Whether it makes sense now; absent = always. */
  readonly available?: () => boolean;
  readonly run: () => void;
}

/** Actions, or what gives them as they are now (it may read signals). */
export type Offer = readonly Action[] | (() => readonly Action[]);

const offers = signal<readonly Offer[]>([]);

/** All actions that make sense now, in the order in which they were offered. */
export const actions = computed(() =>
  offers.value
    .flatMap((offered) => (typeof offered === 'function' ? offered() : offered))
    .filter(({ available }) => available?.() ?? true),
);

/** Offers actions until the function that it returns is called. */
export function offer(offered: Offer): () => void {
  offers.value = [...offers.peek(), offered];
  return () => {
    offers.value = offers.peek().filter((other) => other !== offered);
  };
}
