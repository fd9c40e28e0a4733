import { Fragment } from 'preact';
import { useRef, useState } from 'preact/hooks';
import './keys.css';
import { link } from '../state/connection.ts';
import { HOST_KEYS, hostKey } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import { HoldButton } from '../ui/hold-button.tsx';
import { Switch } from '../ui/switch.tsx';
import { keyboardDocked } from './dock.ts';
import { keysWords, keyWord } from './key-words.ts';
import { ShortcutForm } from './shortcut-form.tsx';
import {
  BOOT_SHORTCUTS,
  CONSOLE_SHORTCUTS,
  newShortcutId,
  ownShortcuts,
  removeShortcut,
  type Shortcut,
  SYSRQ_SHORTCUTS,
  sendShortcut,
  shortcutFailure,
  USUAL_SHORTCUTS,
} from './shortcuts.ts';

/** Shortcuts, single keys for special moments, and the on-screen keyboard. */
export function KeysPanel() {
  return (
    <>
      <Switch
        label="On-screen keyboard"
        note="Stands below the screen."
        on={keyboardDocked.value}
        onChange={(on) => {
          keyboardDocked.value = on;
        }}
      />
      <p class="failure" role="alert">
        {shortcutFailure.value}
      </p>
      <OwnShortcuts />
      <section aria-labelledby="usual-title">
        <h3 id="usual-title">Usual shortcuts</h3>
        <ul class="shortcuts">
          {USUAL_SHORTCUTS.map((shortcut) => (
            <li key={shortcut.id}>
              <Send shortcut={shortcut} />
            </li>
          ))}
        </ul>
      </section>
      <Row
        title="While the machine starts"
        note="Firmware and boot menus wait for one of these."
        shortcuts={BOOT_SHORTCUTS}
      />
      <Row
        title="Consoles of Linux"
        note="Sends Ctrl+Alt with the key. The graphical one is on F1, F2 or F7."
        shortcuts={CONSOLE_SHORTCUTS}
      />
      <section aria-labelledby="sysrq-title">
        <h3 id="sysrq-title">To the Linux kernel</h3>
        <p class="note">
          Sends Alt+SysRq with the key, if the machine allows it. Red ones may lose work: hold them
          for 1 s.
        </p>
        <ul class="shortcuts">
          {SYSRQ_SHORTCUTS.map((shortcut) => (
            <li key={shortcut.id} class="sysrq">
              {shortcut.danger ? (
                <HoldButton
                  label={`${shortcut.name} (${lastKey(shortcut)})`}
                  onHeld={() => void sendShortcut(shortcut.keys)}
                  disabled={link.value.kind !== 'open'}
                />
              ) : (
                <Button
                  label={`${shortcut.name} (${lastKey(shortcut)})`}
                  disabled={link.value.kind !== 'open'}
                  onPress={() => void sendShortcut(shortcut.keys)}
                />
              )}
            </li>
          ))}
        </ul>
      </section>
      <p class="note">
        {`${HOST_KEYS[hostKey.value]} with Delete sends Ctrl+Alt+Del, with K it opens all actions.`}
      </p>
    </>
  );
}

/** A row that sends: what it is for, and its keys. */
function Send({ shortcut }: { readonly shortcut: Shortcut }) {
  const { name, keys } = shortcut;
  const isCalledByKeys = name === keysWords(keys);
  return (
    <button
      type="button"
      class="button bar send"
      aria-disabled={link.value.kind !== 'open' || undefined}
      onClick={() => {
        if (link.peek().kind === 'open') void sendShortcut(keys);
      }}
    >
      {!isCalledByKeys && <span class="label">{name}</span>}
      {!isCalledByKeys && <span class="hidden">: </span>}
      <Keys keys={keys} />
    </button>
  );
}

function Keys({ keys }: Pick<Shortcut, 'keys'>) {
  return (
    <span class="keys">
      {keys.map((key, index) => (
        <Fragment key={key}>
          {index > 0 && <span class="hidden">+</span>}
          <kbd>{keyWord(key)}</kbd>
        </Fragment>
      ))}
    </span>
  );
}

const lastKey = ({ keys }: Shortcut) => keysWords(keys.slice(-1));

function Row(of: {
  readonly title: string;
  readonly note: string;
  readonly shortcuts: readonly Shortcut[];
}) {
  const id = `row-${of.title.replaceAll(' ', '-')}`;
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{of.title}</h3>
      <p class="note">{of.note}</p>
      <div class="single-keys">
        {of.shortcuts.map((shortcut) => (
          <Button
            key={shortcut.id}
            label={keysWords(shortcut.keys)}
            short={lastKey(shortcut)}
            disabled={link.value.kind !== 'open'}
            onPress={() => void sendShortcut(shortcut.keys)}
          />
        ))}
      </div>
    </section>
  );
}

function OwnShortcuts() {
  const [edited, setEdited] = useState<Shortcut | undefined>(undefined);
  const [undo, setUndo] = useState<{ name: string; act: () => void } | undefined>(undefined);
  const add = useRef<HTMLDivElement>(null);
  const done = () => {
    setEdited(undefined);
    // The form is gone; what follows it takes the focus.
    queueMicrotask(() => add.current?.querySelector('button')?.focus());
  };
  return (
    <section aria-labelledby="own-title">
      <h3 id="own-title">Your shortcuts</h3>
      {ownShortcuts.value.length === 0 && edited === undefined && (
        <p class="note">Make one for what you use often. It is kept in this browser.</p>
      )}
      <ul class="shortcuts">
        {ownShortcuts.value.map((shortcut) =>
          edited?.id === shortcut.id ? (
            <li key={shortcut.id}>
              <ShortcutForm shortcut={shortcut} onDone={done} />
            </li>
          ) : (
            <li key={shortcut.id} class="own">
              <Send shortcut={shortcut} />
              <Button
                label={`Change ${shortcut.name}`}
                icon="edit"
                iconOnly
                look="bar"
                onPress={() => setEdited(shortcut)}
              />
              <Button
                label={`Remove ${shortcut.name}`}
                icon="trash"
                iconOnly
                look="bar"
                onPress={() => {
                  setUndo({ name: shortcut.name, act: removeShortcut(shortcut.id) });
                  queueMicrotask(() => add.current?.querySelector('button')?.focus());
                }}
              />
            </li>
          ),
        )}
      </ul>
      {edited !== undefined && !ownShortcuts.value.some(({ id }) => id === edited.id) && (
        <ShortcutForm shortcut={edited} onDone={done} />
      )}
      <div ref={add} class="add">
        {edited === undefined && (
          <Button
            label="New shortcut"
            icon="add"
            onPress={() => {
              setUndo(undefined);
              setEdited({ id: newShortcutId(), name: '', keys: [] });
            }}
          />
        )}
        {undo !== undefined && edited === undefined && (
          <p class="note" role="status">
            {`${undo.name} is removed. `}
            <Button
              label="Bring it back"
              look="bar"
              onPress={() => {
                undo.act();
                setUndo(undefined);
              }}
            />
          </p>
        )}
      </div>
    </section>
  );
}
