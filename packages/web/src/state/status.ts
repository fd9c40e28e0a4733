/** What the status line is made of. */
export interface StatusFacts {
  readonly link: 'connecting' | 'open' | 'lost';
  /** Number of the current try to connect again. */
  readonly attempt: number;
  /** Whether keys or buttons were down when the connection or the focus went. */
  readonly keysReleased: boolean;
  /** Undefined until the server has told. */
  readonly powered: boolean | undefined;
  readonly powerIgnored: boolean;
  readonly noSignalSinceMs: number | undefined;
  readonly captured: boolean;
  readonly pointerLocked: boolean;
  readonly keyboardOnline: boolean;
  /** The words for the host key. */
  readonly hostKey: string;
}

/** How a status is shown: `bad` and `warn` are also drawn over the lower edge of the screen. */
export type StatusKind = 'ok' | 'info' | 'warn' | 'bad';

export interface Status {
  readonly kind: StatusKind;
  readonly text: string;
}

/** The one sentence for how things are; the most pressing first. */
export function statusOf(facts: StatusFacts): Status {
  const released = facts.keysReleased ? ' Keys were released.' : '';
  if (facts.link === 'lost') {
    return bad(`Connection lost, trying again (${facts.attempt}).${released}`);
  }
  if (facts.link === 'connecting' || facts.powered === undefined) {
    return { kind: 'info', text: 'Connecting' };
  }
  if (!facts.powered) return warn('The machine is off. Press Power to start it.');
  if (facts.powerIgnored) {
    return warn('The machine ignored the power button for 10 s. Hard off cuts the power.');
  }
  if (facts.noSignalSinceMs !== undefined) {
    return warn(`No signal since ${clock(facts.noSignalSinceMs)}.`);
  }
  if (facts.captured && !facts.keyboardOnline) {
    return warn('The machine does not take the keyboard now.');
  }
  if (facts.captured) {
    const mouse = facts.pointerLocked ? 'Keyboard and mouse go' : 'Keyboard goes';
    return { kind: 'info', text: `${mouse} to the machine. ${facts.hostKey} releases it.` };
  }
  if (facts.keysReleased) return { kind: 'info', text: 'Keys were released.' };
  return { kind: 'ok', text: 'Running' };
}

const bad = (text: string): Status => ({ kind: 'bad', text });
const warn = (text: string): Status => ({ kind: 'warn', text });

/** Local time of day, HH:MM. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** The figures behind `Running`: what is not known is left out. */
export function figures(of: {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fps?: number | undefined;
  readonly latencyMs?: number | undefined;
}): string {
  const parts: string[] = [];
  if (of.width && of.height) parts.push(`${of.width}×${of.height}`);
  if (of.fps !== undefined) parts.push(`${of.fps} fps`);
  if (of.latencyMs !== undefined) parts.push(`${Math.round(of.latencyMs)} ms`);
  return parts.join(' · ');
}
