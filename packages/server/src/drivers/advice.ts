/** Sentences by the code of a system error, such as ENOENT. */
export type Advice = Readonly<Record<string, string>>;

/** What to do about an error, as the end of a sentence; empty where that is not known. */
export function adviceOn(error: unknown, advice: Advice): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const known = 'code' in cause ? advice[String(cause.code)] : undefined;
    if (known !== undefined) return `: ${known}`;
  }
  return '';
}
