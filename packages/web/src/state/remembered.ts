import { effect, type Signal, signal } from '@preact/signals';

/** A signal that this browser remembers; `read` gives undefined for what it cannot take. */
export function rememberedAs<T>(
  name: string,
  first: T,
  text: { readonly write: (value: T) => string; readonly read: (text: string) => T | undefined },
): Signal<T> {
  const key = `crashcart.${name}`;
  const stored = load(key);
  const cell = signal<T>((stored === undefined ? undefined : text.read(stored)) ?? first);
  effect(() => store(key, text.write(cell.value)));
  return cell;
}

/** One of a few words; a stored one that is not in `allowed` is forgotten. */
export function remembered<T extends string>(
  name: string,
  allowed: readonly T[],
  first: T,
): Signal<T> {
  const read = (stored: string) => allowed.find((value) => value === stored);
  return rememberedAs(name, first, { write: (value) => value, read });
}

/** On or off. */
export function rememberedSwitch(name: string, first: boolean): Signal<boolean> {
  return rememberedAs(name, first, {
    write: (value) => (value ? '1' : '0'),
    read: (stored) => (stored === '1' ? true : stored === '0' ? false : undefined),
  });
}

/** A number within the bounds. */
export function rememberedNumber(
  name: string,
  { first, min, max }: { readonly first: number; readonly min: number; readonly max: number },
): Signal<number> {
  const read = (stored: string) => {
    const value = Number(stored || Number.NaN);
    return value >= min && value <= max ? value : undefined;
  };
  return rememberedAs(name, first, { write: String, read });
}

// A browser may refuse storage (private windows, policy); settings then last as long as the page.
function load(key: string): string | undefined {
  try {
    return globalThis.localStorage?.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(key: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(key, value);
  } catch {
    // Nothing to do: see load().
  }
}
