/** Gives the first value of a parameter, or undefined. */
export type Lookup = (name: string) => string | undefined;

/** No parameters. */
export const nothing: Lookup = () => undefined;

/** The parameters of a query string (without `?`); of repeated ones the first counts. */
export function lookupIn(query: string): Lookup {
  if (query === '') return nothing;
  // Escapes that are no UTF-8 become U+FFFD, which no validator takes.
  const params = new URLSearchParams(query);
  return (name) => params.get(name) ?? undefined;
}

/** The value of a cookie, or undefined for a missing or empty one. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  const wanted = `${name}=`;
  for (let start = 0; start < header.length; ) {
    let end = header.indexOf(';', start);
    if (end < 0) end = header.length;
    while (header[start] === ' ') start++;
    if (header.startsWith(wanted, start)) {
      const value = header.slice(start + wanted.length, end).trim();
      return value === '' ? undefined : unquoted(value);
    }
    start = end + 1;
  }
  return undefined;
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}
