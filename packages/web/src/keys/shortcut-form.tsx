import type { KeyName } from '@crashcart/api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keyNaming } from '../screen/keyboard.ts';
import { Button } from '../ui/button.tsx';
import { KEY_GROUPS } from './key-groups.ts';
import { keysWords, keyWord } from './key-words.ts';
import { ShortcutRecorder } from './shortcut-recorder.ts';
import { keepShortcut, type Shortcut } from './shortcuts.ts';

/** What the form of a shortcut is given. */
export interface ShortcutFormProps {
  readonly shortcut: Shortcut;
  /** It was kept or left. */
  readonly onDone: () => void;
}

/** Makes or changes a shortcut: by pressing its keys, or by choosing them one after another. */
export function ShortcutForm({ shortcut, onDone }: ShortcutFormProps) {
  const [keys, setKeys] = useState(shortcut.keys);
  const [name, setName] = useState(shortcut.name);
  const [missing, setMissing] = useState(false);
  const nameField = useRef<HTMLInputElement>(null);
  const isNew = shortcut.keys.length === 0;
  return (
    <form
      class="shortcut-form"
      aria-label={isNew ? 'New shortcut' : `Change ${shortcut.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        setMissing(keys.length === 0);
        if (keys.length === 0) return;
        keepShortcut({ ...shortcut, name, keys });
        onDone();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onDone();
      }}
    >
      <Recorder
        startAtOnce={isNew}
        keys={keys}
        onKeys={(recorded) => {
          setKeys(recorded);
          setMissing(false);
        }}
        onDone={() => nameField.current?.focus()}
      />
      {keys.length > 0 && (
        <ul class="chosen" aria-label="Its keys">
          {keys.map((key) => (
            <li key={key}>
              <kbd>{keyWord(key)}</kbd>
              <Button
                label={`Without ${keyWord(key)}`}
                icon="close"
                iconOnly
                look="bar"
                onPress={() => setKeys(keys.filter((other) => other !== key))}
              />
            </li>
          ))}
        </ul>
      )}
      <label class="field">
        <span>Or choose its keys one after another</span>
        <select
          value=""
          onChange={({ currentTarget }) => {
            const key = currentTarget.value as KeyName;
            currentTarget.value = '';
            setKeys([...keys.filter((other) => other !== key), key]);
            setMissing(false);
          }}
        >
          <option value="">Choose a key</option>
          {KEY_GROUPS.map(({ label, members }) => (
            <optgroup key={label} label={label}>
              {members.map((key) => (
                <option key={key} value={key}>
                  {keyWord(key)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Name</span>
        <input
          ref={nameField}
          value={name}
          maxLength={40}
          placeholder={keys.length > 0 ? keysWords(keys) : 'What it is for'}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <p class="failure" role="alert">
        {missing && 'Press or choose its keys first.'}
      </p>
      <div class="buttons">
        <button type="submit" class="button primary">
          Keep
        </button>
        <Button label="Cancel" onPress={onDone} />
      </div>
    </form>
  );
}

interface RecorderProps {
  readonly startAtOnce: boolean;
  readonly keys: readonly KeyName[];
  readonly onKeys: (keys: readonly KeyName[]) => void;
  readonly onDone: () => void;
}

/** Takes the keys that are pressed until all are up; losing the focus ends it. */
function Recorder({ startAtOnce, keys, onKeys, onDone }: RecorderProps) {
  const button = useRef<HTMLButtonElement>(null);
  const recorder = useRef<ShortcutRecorder | undefined>(undefined);
  const [isOn, setOn] = useState(startAtOnce);
  const set = (on: boolean) => {
    recorder.current = on ? new ShortcutRecorder(keyNaming()) : undefined;
    setOn(on);
  };
  useEffect(() => {
    button.current?.focus();
    if (startAtOnce) set(true);
  }, []);
  const take = (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button
      ref={button}
      type="button"
      class="button plain recorder"
      aria-pressed={isOn}
      onClick={({ detail }) => {
        // Keys press it by themselves below, as Enter and Space can be recorded.
        if (detail > 0 || recorder.current === undefined) set(recorder.current === undefined);
      }}
      onBlur={() => set(false)}
      onKeyDown={(event) => {
        const recording = recorder.current;
        if (recording === undefined) return;
        take(event);
        recording.press(event);
        if (recording.keys.length > 0) onKeys(recording.keys);
      }}
      onKeyUp={(event) => {
        const recording = recorder.current;
        if (recording === undefined) return;
        take(event);
        if (!recording.release(event)) return;
        set(false);
        onDone();
      }}
    >
      {isOn ? 'Press the keys now' : keys.length > 0 ? 'Press others' : 'Press its keys'}
    </button>
  );
}
