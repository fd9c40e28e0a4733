export interface Target {
  readonly base: { host: string; port: number; tls?: boolean } | { path: string };
  readonly prefix: string;
}
export interface CaseResult {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped' | 'flaky';
  readonly diff: readonly string[];
}
export interface Difference {
  readonly name: string;
  readonly ours: object;
  readonly why: string;
}
export type Line = { readonly group: { readonly name: string; readonly order: number } };
export function readGroups(directory: string, only?: readonly string[]): readonly Line[][];
export function readDifferences(file: string): ReadonlyMap<string, Difference>;
export interface Later {
  readonly cases: readonly string[];
  readonly events: readonly string[];
  readonly keys: Readonly<Record<string, boolean | null>>;
}
export function readLater(file: string): Later;
export class Replay {
  constructor(given: {
    readonly target: Target;
    readonly front?: Target;
    readonly rig?: (action: Readonly<Record<string, unknown>>) => Promise<boolean>;
    readonly user?: string;
    readonly passwd?: string;
    readonly later?: Later;
    readonly differences?: ReadonlyMap<string, Difference>;
  });
  group(lines: readonly Line[], onCase: (result: CaseResult) => void): Promise<void>;
}
