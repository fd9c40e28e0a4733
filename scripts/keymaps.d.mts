/** PiKVM's name of each layout: the one of xkb-data, and the locale where it has its own Compose. */
export const LAYOUTS: Readonly<Record<string, readonly [layout: string, locale?: string]>>;
/** Every file that should be there: its path and its text. */
export function makeKeymaps(): readonly (readonly [path: string, text: string])[];
