import { afterEach, expect, it, vi } from 'vitest';
import { RefusedError, UnreachableError } from '../api.ts';
import { longActs } from '../state/long-acts.ts';
import { applyEvent } from '../state/machine.ts';
import {
  draft,
  failureText,
  othersTyping,
  ownTyping,
  stopTyping,
  typeDraft,
  typingEnd,
} from './typing.ts';

const progress = (active: boolean, written: number, total: number) =>
  applyEvent({
    event_type: 'hid_print',
    event: { active, written, total, skipped: 0, keymap: 'de' },
  });

/** A server that answers when told to, and sees what was asked. */
function serverOf() {
  const asked: { url: string; body: unknown }[] = [];
  let answer = (_response: Response) => {};
  vi.stubGlobal('document', { baseURI: 'http://kvm/' });
  vi.stubGlobal('fetch', (url: string, { body, signal }: RequestInit) => {
    asked.push({ url, body });
    return new Promise<Response>((resolve, reject) => {
      answer = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  });
  return { asked, answer: (response: Response) => answer(response) };
}

afterEach(() => vi.unstubAllGlobals());

it('types the draft as a long act with progress and clears it at the end', async () => {
  const server = serverOf();
  draft.value = 'grün\r\n';
  const typing = typeDraft('de');
  expect(server.asked).toEqual([
    { url: 'http://kvm/api/hid/print?keymap=de&limit=0&slow=0&delay=0', body: 'grün\r\n' },
  ]);
  progress(true, 2, 5);
  expect(ownTyping.value).toMatchObject({ written: 2, total: 5 });
  expect(longActs.value).toMatchObject([{ done: 2, total: 5, unit: 'characters', panel: 'text' }]);
  expect(othersTyping.value).toBeUndefined();
  server.answer(new Response('{}'));
  await typing;
  // The event may come after the answer; it is still not somebody else's.
  expect(othersTyping.value).toBeUndefined();
  progress(false, 5, 5);
  expect(typingEnd.value).toEqual({ kind: 'done', text: '5 characters typed.' });
  expect(draft.value).toBe('');
  expect(longActs.value).toEqual([]);
});

it('keeps the draft when it is stopped, and says how far it came', async () => {
  serverOf();
  draft.value = 'x'.repeat(2_000);
  const typing = typeDraft('de');
  progress(true, 700, 2_000);
  stopTyping();
  await typing;
  expect(typingEnd.value).toEqual({
    kind: 'stopped',
    text: 'Stopped after 700 of 2,000 characters. All keys are up.',
  });
  expect(draft.value).toHaveLength(2_000);
  progress(false, 700, 2_000);
});

it('knows the typing of others', () => {
  progress(true, 1, 9);
  expect(othersTyping.value).toMatchObject({ written: 1, total: 9 });
  progress(false, 9, 9);
  expect(othersTyping.value).toBeUndefined();
});

it('says why a text was not typed and what to do', () => {
  const refused = (status: number, name = 'X') =>
    failureText(new RefusedError(status, name, 'why'), ' after 3 of 9 characters');
  expect(refused(409)).toMatch(/Somebody else is typing/);
  expect(refused(413)).toMatch(/too long/);
  expect(refused(400)).toBe('The server refused: why');
  expect(refused(400, 'HidDisabledError')).toMatch(/no keyboard/);
  expect(failureText(new UnreachableError(), ' after 3 of 9 characters')).toBe(
    'The connection was lost after 3 of 9 characters. Look at the screen, then type the rest.',
  );
});
