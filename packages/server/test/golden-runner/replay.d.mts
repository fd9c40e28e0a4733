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
  readonly then?: readonly object[];
  readonly why: string;
}
export type Line = { readonly group: { readonly name: string; readonly order: number } };
export function readGroups(directory: string, only?: readonly string[]): readonly Line[][];
export function readDifferences(file: string): ReadonlyMap<string, Difference>;
export interface WireRequest {
  readonly op: number;
  readonly unit: number;
  readonly body: string;
}
export class Replay {
  constructor(given: {
    readonly target: Target;
    readonly front?: Target;
    readonly frontHttp?: Target;
    readonly rig?: (action: Readonly<Record<string, unknown>>) => Promise<boolean>;
    readonly user?: string;
    readonly passwd?: string;
    /** What the rig's Switch was asked until now; without it that is not compared. */
    readonly switchLog?: () => readonly WireRequest[];
    /** What the rig's computer got until now by USB: device and bytes in hexadecimal. */
    readonly hidLog?: () => readonly (readonly [device: string, hex: string])[];
    /** After each pause of the recordings: what a busy computer has not done by then. */
    readonly settled?: () => Promise<void>;
    /** Kinds of events of which only the presence among the first ones counts. */
    readonly onlyPresent?: readonly string[];
    readonly differences?: ReadonlyMap<string, Difference>;
  });
  group(lines: readonly Line[], onCase: (result: CaseResult) => void): Promise<void>;
}
