const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in words, decimal as on data sheets: `4.7 GB`. */
export function bytesText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // From 999.5 on it would be shown as 1000 of this unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** How long something still takes, in words; `seconds` from 0 on. */
export function timeLeftText(seconds: number): string {
  if (seconds < 5) return 'a moment left';
  // Coarse steps, as a figure that jumps about tells nothing.
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 100) return 'more than 100 h left';
  return `${hours} h ${minutes % 60} min left`;
}

const DATE = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' });

/** Local date and time as `2026-11-23 12:03`; `ms` since the epoch. */
export function dateText(ms: number): string {
  return DATE.format(ms);
}
