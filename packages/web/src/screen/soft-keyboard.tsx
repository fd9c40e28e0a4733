import { useEffect, useRef } from 'preact/hooks';
import { captured, endCapture, keyboard, startCapture } from './capture.ts';
import { keyNameOf } from './keyboard.ts';
import { softKeyboardUp, softTyping } from './soft-keyboard-state.ts';

/** Soft keyboards on Android tell this for every key. */
const COMPOSING_KEY = 229;
/** The page grows by more than this when a soft keyboard is put away, in CSS px. */
const PUT_AWAY_PX = 120;

/** The field that raises the soft keyboard; nobody sees it. */
export function SoftKeyboard() {
  const field = useRef<HTMLTextAreaElement>(null);
  const fill = (text: string) => {
    const element = field.current;
    if (element === null) return;
    element.value = text;
    element.setSelectionRange(text.length, text.length);
  };
  useEffect(() => followPutAway(() => field.current?.blur()), []);
  // Who gets the keyboard back gets all of it.
  const isCaptured = captured.value;
  useEffect(() => {
    if (!isCaptured) field.current?.blur();
  }, [isCaptured]);
  return (
    <textarea
      id="soft-keyboard"
      ref={field}
      class="soft-keyboard"
      aria-label="Text for the machine"
      tabIndex={-1}
      rows={1}
      autocapitalize="off"
      autocomplete="off"
      autocorrect="off"
      spellcheck={false}
      onFocus={() => {
        fill(softTyping.restart());
        softKeyboardUp.value = true;
        startCapture();
        if (!captured.peek()) field.current?.blur();
      }}
      onBlur={() => {
        softKeyboardUp.value = false;
        endCapture();
      }}
      onKeyDown={(event) => {
        // A real keyboard: with a modifier it means keys, else what it writes.
        const { code, key, keyCode, ctrlKey, altKey, metaKey } = event;
        if (keyCode === COMPOSING_KEY || event.isComposing) return;
        const writes = [...key].length === 1 && !ctrlKey && !altKey && !metaKey;
        if (writes) return;
        if (code !== '' && keyNameOf(event) !== undefined) {
          event.preventDefault();
          keyboard.press(event);
        } else if (softTyping.key(key)) event.preventDefault();
      }}
      onKeyUp={(event) => keyboard.release(event)}
      onInput={(event) => {
        const { isComposing } = event as InputEvent;
        const text = softTyping.input(event.currentTarget.value, isComposing);
        if (text !== undefined) fill(text);
      }}
      // A word is over; now the field may be filled anew.
      onCompositionEnd={(event) => {
        const text = softTyping.input(event.currentTarget.value, false);
        if (text !== undefined) fill(text);
      }}
    />
  );
}

/** Android's back key puts the keyboard away and leaves the focus: the page sees only that it grew. */
function followPutAway(then: () => void): () => void {
  const viewport = window.visualViewport;
  if (viewport === null) return () => undefined;
  let { width, height } = viewport;
  const resized = () => {
    const grew = viewport.width === width && viewport.height - height > PUT_AWAY_PX;
    ({ width, height } = viewport);
    if (grew && softKeyboardUp.peek()) then();
  };
  viewport.addEventListener('resize', resized);
  return () => viewport.removeEventListener('resize', resized);
}
