/**
 * The words that start a program which the kernel ends by this signal when this process ends, however
 * it ends (setpriv(1) of util-linux). No shell is involved.
 */
export function dyingWithUs(
  argv: readonly string[],
  signal: 'TERM' | 'KILL' = 'TERM',
): readonly ['setpriv', ...string[]] {
  return ['setpriv', '--pdeathsig', signal, '--', ...argv];
}
