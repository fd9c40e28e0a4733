import type { KeyPath, Place } from './tree.ts';

/** One thing that is wrong, or ignored, in a configuration. */
export interface Finding {
  readonly at: Place;
  /** Empty when the file as a whole is meant. */
  readonly path: KeyPath;
  readonly text: string;
}

/** `FILE:LINE: key.path: text`, as compilers say it. */
export function formatFinding({ at, path, text }: Finding): string {
  const where = at.line > 0 ? `${at.file}:${at.line}` : at.file;
  return path.length > 0 ? `${where}: ${path.join('.')}: ${text}` : `${where}: ${text}`;
}

/** The configuration cannot be used; the message lists everything that is wrong, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map(formatFinding).join('\n'));
    this.findings = findings;
  }
}

/** What of a PiKVM configuration means nothing here, as one list; empty when there is nothing. */
export function formatUnsupported(findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const count = findings.length === 1 ? 'One key' : `${findings.length} keys`;
  const lines = findings.map((finding) => `  ${formatFinding(finding)}\n`);
  return `${count} of the PiKVM configuration cannot be taken over:\n${lines.join('')}`;
}
