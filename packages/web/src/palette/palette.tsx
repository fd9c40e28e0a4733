import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import '../drive/drive-actions.ts';
import './input-actions.ts';
import './page-actions.ts';
import '../screen/screen-actions.ts';
import './palette.css';
import { HOST_KEYS, hostKey } from '../state/settings.ts';
import { Hold } from '../ui/hold.ts';
import { HoldRing } from '../ui/hold-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { type Action, actions } from './actions.ts';
import { type Found, find } from './fuzzy.ts';
import { closePalette, leavePalette } from './palette-state.ts';
import { likelyFirst, noteUse } from './recent.ts';

/** More are not drawn; the search narrows them down. */
const SHOWN = 100;
/** How far Page Up and Page Down go. */
const PAGE = 8;

/** A search over everything that can be done. */
export function Palette() {
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState(0);
  const [holding, setHolding] = useState(false);
  const all = actions.value;
  const found = useMemo(() => find(search, search === '' ? likelyFirst(all) : all), [search, all]);
  const shown = found.slice(0, SHOWN);
  const at = Math.min(chosen, shown.length - 1);
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  // Before the next key: it is meant for the search, not for the machine.
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at, found]);

  const run = (action: Action | undefined) => {
    if (action === undefined) return;
    noteUse(action.id);
    // The focus goes back first, so that what the action opens can take it.
    closePalette();
    action.run();
  };
  const current = useRef<Action | undefined>(undefined);
  current.current = shown[at]?.item;
  const hold = useMemo(() => new Hold(() => run(current.current), setHolding), []);
  useEffect(() => () => hold.cancel(), [hold]);
  const start = () => {
    if (current.current?.danger === true) hold.begin();
    else run(current.current);
  };
  const go = (to: number) => {
    hold.cancel();
    setChosen(to);
  };
  const steps: Readonly<Record<string, () => number>> = {
    ArrowDown: () => (at + 1) % shown.length,
    ArrowUp: () => (at - 1 + shown.length) % shown.length,
    PageDown: () => Math.min(at + PAGE, shown.length - 1),
    PageUp: () => Math.max(at - PAGE, 0),
  };

  return (
    <div
      class="palette"
      role="dialog"
      aria-label="All actions"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        // A window that loses the focus keeps its palette.
        if (!(relatedTarget instanceof Node) || currentTarget.contains(relatedTarget)) return;
        leavePalette();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') closePalette();
        else if (event.key === 'Enter' && !event.repeat) start();
        else if (event.key in steps && shown.length > 0) go(steps[event.key]?.() ?? 0);
        else if (event.key !== 'Enter') return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onKeyUp={(event) => {
        if (event.key === 'Enter') hold.cancel();
      }}
    >
      <label class="search">
        <Icon name="search" />
        <span class="hidden">Search all actions</span>
        <input
          ref={input}
          role="combobox"
          aria-expanded={shown.length > 0}
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `palette-${at}` : undefined}
          placeholder="What do you want to do?"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={search}
          onInput={(event) => {
            setSearch(event.currentTarget.value);
            go(0);
          }}
        />
      </label>
      <p class="hidden" role="status">
        {found.length === 1 ? '1 action' : `${found.length} actions`}
      </p>
      <div ref={list} id="palette-list" role="listbox" aria-label="Actions">
        {shown.map((each, index) => (
          <Option
            key={each.item.id}
            id={`palette-${index}`}
            found={each}
            chosen={index === at}
            holding={holding && index === at}
            onPoint={() => index !== at && go(index)}
            onPress={() => each.item.danger === true || run(each.item)}
            onHold={() => each.item.danger === true && hold.begin()}
            onLetGo={() => hold.cancel()}
          />
        ))}
      </div>
      {found.length === 0 && <p class="none">Nothing is called so. Try fewer letters.</p>}
      <footer>
        {found.length > SHOWN && <span>{`${found.length - SHOWN} more: type to find them`}</span>}
        <span class="keys">
          <kbd>↑</kbd> <kbd>↓</kbd> choose · <kbd>Enter</kbd> do · <kbd>Esc</kbd> close · opens with{' '}
          <kbd>{HOST_KEYS[hostKey.value]}</kbd> <kbd>K</kbd>
        </span>
      </footer>
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly found: Found<Action>;
  readonly chosen: boolean;
  readonly holding: boolean;
  readonly onPoint: () => void;
  readonly onPress: () => void;
  readonly onHold: () => void;
  readonly onLetGo: () => void;
}

function Option({ id, found, chosen, holding, ...on }: OptionProps) {
  const { name, group, danger } = found.item;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field has the focus and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: likewise, by aria-activedescendant
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      class={danger === true ? 'hold' : undefined}
      data-holding={holding}
      onMouseDown={(event) => event.preventDefault()}
      onPointerMove={on.onPoint}
      onPointerDown={on.onHold}
      onPointerUp={on.onLetGo}
      onPointerLeave={on.onLetGo}
      onPointerCancel={on.onLetGo}
      onClick={on.onPress}
    >
      <span class="name">{marked(name, found.marks)}</span>
      {danger === true && <span class="danger">Hold for 1 s</span>}
      {danger === true && <HoldRing />}
      {group !== undefined && <span class="group">{group}</span>}
    </div>
  );
}

/** The name with what the search met in bold. */
function marked(name: string, marks: readonly number[]) {
  const met = new Set(marks);
  const parts: { text: string; met: boolean }[] = [];
  for (let index = 0; index < name.length; index += 1) {
    const last = parts.at(-1);
    if (last?.met === met.has(index)) last.text += name[index];
    else parts.push({ text: name[index] ?? '', met: met.has(index) });
  }
  return parts.map((part, index) =>
    part.met ? <b key={`${index}`}>{part.text}</b> : <span key={`${index}`}>{part.text}</span>,
  );
}
