import type { MsdState } from '@crashcart/api';

/** What the status line is made of. */
export interface StatusFacts {
  readonly link: 'connecting' | 'open' | 'lost';
  /** Number of the current try to connect again. */
  readonly attempt: number;
  /** The server said goodbye before the connection went. */
  readonly restarting: boolean;
  /** Whether keys or buttons were down when the connection or the focus went. */
  readonly keysReleased: boolean;
  /** Undefined until the server has told. */
  readonly powered: boolean | undefined;
  readonly powerIgnored: boolean;
  /** Why there is no picture, in the words of the server. */
  readonly pictureReason: string | undefined;
  readonly noSignalSinceMs: number | undefined;
  /** Number of the current try to get the picture while the server is reached. */
  readonly pictureAttempt: number;
  /** Why the last text of the soft keyboard was not typed. */
  readonly typingFailure: string | undefined;
  readonly captured: boolean;
  readonly softKeyboard: boolean;
  readonly mouse: 'absolute' | 'relative' | 'locked' | 'refused';
  /** Whether the machine takes keys: `none` where it never does. */
  readonly input: 'good' | 'busy' | 'asleep' | 'none';
  /** A text that is typed by the server, in characters. */
  readonly typing: { readonly written: number; readonly total: number } | undefined;
  /** Whether it is a text of this page, which alone can stop it. */
  readonly typingIsOwn: boolean;
  /** What keeps the drive busy, e.g. `debian.iso is uploaded`. */
  readonly drive: string | undefined;
  /** The words for the host key. */
  readonly hostKey: string;
}

/** How a status is shown: `bad` and `warn` are also drawn over the lower edge of the screen. */
export type StatusKind = 'ok' | 'info' | 'warn' | 'bad';

export interface Status {
  readonly kind: StatusKind;
  readonly text: string;
}

/** What the server says of a machine that is just off. */
const OFF = 'The machine is off. Press Power to start it.';
/** So many tries are made for the picture before it is worth a sentence. */
const TOLD_ATTEMPTS = 2;

/** The one sentence for how things are and what to do; the most pressing first. */
export function statusOf(facts: StatusFacts): Status {
  return lostStatus(facts) ?? machineStatus(facts) ?? inputStatus(facts) ?? quietStatus(facts);
}

function lostStatus(facts: StatusFacts): Status | undefined {
  if (facts.link === 'lost') {
    const what = facts.restarting ? 'The server restarts' : 'Connection lost';
    const released = facts.keysReleased ? ' Keys were released.' : '';
    return bad(`${what}, trying again (${facts.attempt}).${released}`);
  }
  if (facts.link === 'connecting' || facts.powered === undefined) return info('Connecting');
  return undefined;
}

function machineStatus(facts: StatusFacts): Status | undefined {
  const reason = facts.pictureReason;
  if (!facts.powered) {
    // More than off: the machine could not be started or was lost.
    if (reason !== undefined && reason !== OFF) return bad(`${ended(reason)} See Log, under More.`);
    return warn(OFF);
  }
  if (facts.powerIgnored) {
    return warn('The machine ignored the power button for 10 s. Hard off cuts the power.');
  }
  if (facts.noSignalSinceMs !== undefined) {
    const next = 'Press a key to wake the machine.';
    const why = reason === undefined ? next : ended(reason);
    return warn(`No signal since ${clock(facts.noSignalSinceMs)}. ${why}`);
  }
  if (facts.pictureAttempt >= TOLD_ATTEMPTS) {
    const tries = `trying again (${facts.pictureAttempt})`;
    return warn(`The picture does not come, ${tries}. Keys still reach the machine.`);
  }
  return undefined;
}

function inputStatus(facts: StatusFacts): Status | undefined {
  if (facts.typingFailure !== undefined) return warn(facts.typingFailure);
  if (facts.captured) {
    switch (facts.input) {
      case 'none':
        return warn('This machine takes no keyboard or mouse. Set up `hid` to use them.');
      case 'busy':
        return info('Keyboard and mouse are being reset. They are back in a moment.');
      case 'asleep':
        return warn('The machine does not take the keyboard now. Wait until it has started.');
      case 'good':
        break;
    }
  }
  if (facts.typing !== undefined) {
    const { written, total } = facts.typing;
    const next = facts.typingIsOwn ? ' Type text can stop it.' : '';
    return info(`A text is being typed (${written} of ${total}).${next}`);
  }
  return facts.captured ? info(capturedText(facts)) : undefined;
}

function capturedText({ softKeyboard, mouse, hostKey }: StatusFacts): string {
  if (softKeyboard) return 'Keyboard goes to the machine until it is hidden.';
  switch (mouse) {
    case 'absolute':
      return `Keyboard goes to the machine. ${hostKey} releases it.`;
    case 'locked':
      return `Keyboard and mouse go to the machine. ${hostKey} releases it.`;
    case 'relative':
      return `Keyboard goes to the machine. Click the screen for the mouse, ${hostKey} releases it.`;
    case 'refused':
      return 'The browser did not lock the pointer. Wait a second and click the screen again.';
  }
}

function quietStatus(facts: StatusFacts): Status {
  if (facts.keysReleased) return info('Keys were released.');
  if (facts.drive !== undefined) return info(facts.drive);
  if (facts.mouse === 'relative') {
    return { kind: 'ok', text: 'Running. Click the screen to use the mouse.' };
  }
  return { kind: 'ok', text: 'Running' };
}

/** A sentence with its full stop. */
const ended = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
const info = (text: string): Status => ({ kind: 'info', text });
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
  /** How the picture comes, when it is not the best way. */
  readonly path?: string | undefined;
}): string {
  const parts: string[] = [];
  if (of.width && of.height) parts.push(`${of.width}×${of.height}`);
  if (of.fps !== undefined) parts.push(`${of.fps} fps`);
  if (of.latencyMs !== undefined) parts.push(`${Math.round(of.latencyMs)} ms`);
  if (of.path !== undefined) parts.push(of.path);
  return parts.join(' · ');
}

/** What goes on in the drive, as a sentence; undefined when nothing does. */
export function driveText(msd: MsdState | undefined): string | undefined {
  const { uploading, downloading } = msd?.storage ?? {};
  if (uploading)
    return `${uploading.name} is being uploaded${share(uploading.written, uploading.size)}.`;
  if (downloading) {
    return `${downloading.name} is being downloaded${share(downloading.readed, downloading.size)}.`;
  }
  return msd?.busy ? 'The drive is busy. It is free again in a moment.' : undefined;
}

const share = (done: number, total: number) =>
  total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : '';
