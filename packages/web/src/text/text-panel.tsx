import { useEffect, useMemo, useRef } from 'preact/hooks';
import './text.css';
import { link } from '../state/connection.ts';
import { hid } from '../state/machine.ts';
import { TEXT_DELAY, textDelayMs, textHidden, textLayout, textSlow } from '../state/settings.ts';
import { secondsLeft } from '../state/speed.ts';
import { timeLeftText } from '../state/units.ts';
import { Button } from '../ui/button.tsx';
import { Range } from '../ui/range.tsx';
import { Switch } from '../ui/switch.tsx';
import { layout, layoutCharacters, layoutName, layouts, loadCharacters } from './layouts.ts';
import { TextWarning } from './text-warning.tsx';
import { countCharacters, judgeText, TEXT_LIMIT_BYTES } from './typable.ts';
import {
  characters,
  draft,
  othersTyping,
  ownTyping,
  stopTyping,
  typeDraft,
  typingEnd,
} from './typing.ts';

const bytes = new TextEncoder();

/** Types a text on the machine's keyboard. */
export function TextPanel() {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus({ preventScroll: true }), []);
  const keymap = layout.value;
  const isConnected = link.value.kind === 'open';
  useEffect(() => {
    // Without it there is no warning, but typing works all the same.
    if (keymap !== undefined) void loadCharacters(keymap).catch(() => undefined);
  }, [keymap, isConnected]);

  const text = draft.value;
  const known = layoutCharacters.value;
  const judged = useMemo(() => known && judgeText(text, known), [text, known]);
  const count = useMemo(() => judged?.count ?? countCharacters(text), [text, judged]);
  const tooLong = useMemo(() => bytes.encode(text).length > TEXT_LIMIT_BYTES, [text]);
  const own = ownTyping.value;
  const obstacle = obstacleText(isConnected, tooLong);
  const send = () => {
    if (keymap !== undefined && obstacle === undefined) void typeDraft(keymap);
  };

  return (
    <>
      <label class="field">
        <span>Text</span>
        <textarea
          ref={area}
          class={textHidden.value ? 'masked' : undefined}
          rows={5}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="text-count"
          value={text}
          readOnly={own !== undefined}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            send();
          }}
        />
      </label>
      <div class="text-line">
        <span id="text-count" class="note">
          {characters(count)}
        </span>
        <Switch
          label="Hide the text"
          on={textHidden.value}
          onChange={(on) => {
            textHidden.value = on;
          }}
        />
      </div>
      <LayoutChoice />
      {judged !== undefined && keymap !== undefined && (
        <TextWarning judged={judged} layout={layoutName(keymap)} />
      )}
      {own === undefined ? (
        <div class="text-line send-line">
          <Button
            label="Type it"
            look="primary"
            disabled={count === 0 || obstacle !== undefined}
            onPress={send}
          />
          <span class="note by-key">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </div>
      ) : (
        <Progress />
      )}
      <p class={own === undefined && obstacle !== undefined ? 'obstacle' : 'outcome'} role="status">
        {own === undefined ? (obstacle ?? typingEnd.value?.text) : undefined}
      </p>
      <details class="more">
        <summary>For machines that lose characters</summary>
        <Switch
          label="Type slowly"
          on={textSlow.value}
          onChange={(on) => {
            textSlow.value = on;
          }}
        />
        <Range
          label="Pause between characters"
          {...TEXT_DELAY}
          step={10}
          value={textDelayMs.value}
          words={(ms) => (ms === 0 ? 'none' : `${ms} ms`)}
          onChange={(ms) => {
            textDelayMs.value = ms;
          }}
        />
      </details>
    </>
  );
}

function LayoutChoice() {
  const keymap = layout.value;
  return (
    <label class="field layout">
      <span>Layout that the machine has</span>
      <select
        value={keymap}
        onChange={(event) => {
          textLayout.value = event.currentTarget.value;
        }}
      >
        {layouts.value.map(({ keymap: each, name }) => (
          <option key={each} value={each} selected={each === keymap}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Progress() {
  const { written, total, speed } = ownTyping.value ?? { written: 0, total: 0, speed: undefined };
  const left = secondsLeft(written, total, speed);
  return (
    <div class="progress">
      <progress aria-label="Typing" max={total} value={written} />
      <div class="text-line">
        <span class="note">
          {`${written.toLocaleString('en')} of ${total.toLocaleString('en')}`}
          {speed !== undefined && ` · ${Math.round(speed)}/s`}
          {left !== undefined && ` · ${timeLeftText(left)}`}
        </span>
        <Button label="Stop" onPress={stopTyping} />
      </div>
      <p class="note">It goes on when this panel is closed.</p>
    </div>
  );
}

/** Why nothing can be typed now, if so. */
function obstacleText(isConnected: boolean, tooLong: boolean): string | undefined {
  if (!isConnected) return 'The connection is lost. The text stays here until it is back.';
  const others = othersTyping.value;
  if (others !== undefined) {
    const { written, total } = others;
    return `Somebody else is typing: ${written.toLocaleString('en')} of ${characters(total)}. Wait for the end.`;
  }
  if (hid.value?.enabled === false) return 'This machine has no keyboard. Set up `hid` to use it.';
  if (tooLong) return 'The text is longer than 1 MiB. Type it in parts.';
  return undefined;
}
