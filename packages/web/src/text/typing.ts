import { computed, effect, signal } from '@preact/signals';
import { RefusedError, request, UnreachableError } from '../api.ts';
import { endAct, showAct, TYPING_ACT } from '../state/long-acts.ts';
import { printing } from '../state/machine.ts';
import { textDelayMs, textSlow } from '../state/settings.ts';
import { SpeedMeter } from '../state/speed.ts';
import { layoutCharacters } from './layouts.ts';
import { countCharacters, judgeText } from './typable.ts';

/** How the last typing ended, in words. */
export interface TypingEnd {
  readonly kind: 'done' | 'stopped' | 'failed';
  readonly text: string;
}

/** The text that is written in the panel; it stays while the panel is closed. */
export const draft = signal('');
/** How the last typing of this page ended, until the next begins. */
export const typingEnd = signal<TypingEnd | undefined>(undefined);

/** The typing of this page while it runs. */
export interface OwnTyping {
  readonly written: number;
  readonly total: number;
  readonly skipped: number;
  /** Characters per second; undefined until measured. */
  readonly speed: number | undefined;
}
export const ownTyping = signal<OwnTyping | undefined>(undefined);

/** The answer has come before the event that the typing is over. */
const isEnding = signal(false);

/** The typing of somebody else, if any. */
export const othersTyping = computed(() => {
  const progress = printing.value;
  const isTheirs = progress?.active === true && ownTyping.value === undefined && !isEnding.value;
  return isTheirs ? progress : undefined;
});

let running: { readonly ending: AbortController; readonly meter: SpeedMeter } | undefined;

/** Types the draft in the layout; how it ends is told in `typingEnd`. */
export async function typeDraft(keymap: string): Promise<void> {
  const text = draft.peek();
  if (running !== undefined || text === '') return;
  const ending = new AbortController();
  running = { ending, meter: new SpeedMeter() };
  typingEnd.value = undefined;
  show({ written: 0, total: countCharacters(text), skipped: 0, speed: undefined });
  try {
    const query = new URLSearchParams({
      ...{ keymap, limit: '0' },
      slow: textSlow.peek() ? '1' : '0',
      delay: String(textDelayMs.peek() / 1_000),
    });
    await request(`api/hid/print?${query}`, { method: 'POST', body: text, signal: ending.signal });
    typingEnd.value = doneEnd(text);
    draft.value = '';
  } catch (error) {
    typingEnd.value = failedEnd(error, ending.signal.aborted, ownTyping.peek());
  } finally {
    running = undefined;
    isEnding.value = printing.peek()?.active === true;
    ownTyping.value = undefined;
    endAct(TYPING_ACT);
  }
}

/** Stops the typing of this page; the server lets go of all keys. */
export function stopTyping(): void {
  running?.ending.abort();
}

function show(own: OwnTyping): void {
  ownTyping.value = own;
  const { written: done, total, speed } = own;
  const title = 'Typing text';
  const act = {
    id: TYPING_ACT,
    title,
    done,
    total,
    speed,
    unit: 'characters',
    panel: 'text',
  } as const;
  showAct({ ...act, cancel: stopTyping });
}

// While a request of this page runs, it is what the server types: it takes one at a time.
effect(() => {
  const progress = printing.value;
  if (progress?.active !== true) isEnding.value = false;
  if (running === undefined || progress?.active !== true) return;
  running.meter.note(progress.written, performance.now());
  show({ ...progress, speed: running.meter.speed });
});

function doneEnd(text: string): TypingEnd {
  const layout = layoutCharacters.peek();
  const skipped = layout === undefined ? 0 : judgeText(text, layout).skippedCount;
  const typed = `${characters(countCharacters(text) - skipped)} typed.`;
  return { kind: 'done', text: skipped > 0 ? `${typed} ${characters(skipped)} left out.` : typed };
}

function failedEnd(error: unknown, stopped: boolean, own: OwnTyping | undefined): TypingEnd {
  const far = own === undefined ? '' : ` after ${own.written} of ${characters(own.total)}`;
  if (stopped) return { kind: 'stopped', text: `Stopped${far}. All keys are up.` };
  return { kind: 'failed', text: failureText(error, far) };
}

/** Why a text was not typed, as a sentence with the next step. */
export function failureText(error: unknown, far: string): string {
  if (error instanceof UnreachableError) {
    return `The connection was lost${far}. Look at the screen, then type the rest.`;
  }
  if (!(error instanceof RefusedError)) return 'Something unexpected happened. Try again.';
  if (error.name === 'HidDisabledError') {
    return 'This machine has no keyboard. Set up `hid` to use it.';
  }
  switch (error.status) {
    case 401:
      return 'Your session has ended. Log in again.';
    case 403:
      return 'You may not type on this machine. Ask for the right to do so.';
    case 409:
      return 'Somebody else is typing a text now. Try again when it is done.';
    case 413:
      return 'The text is too long. Type it in parts of at most 1 MiB.';
    case 503:
      return `The machine does not take keys now; it stopped${far}. See that it runs, then try again.`;
    default:
      return `The server refused: ${error.message}`;
  }
}

/** A number of characters in words. */
export function characters(count: number): string {
  return count === 1 ? '1 character' : `${count.toLocaleString('en')} characters`;
}
