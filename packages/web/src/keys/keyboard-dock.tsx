import type { KeyName } from '@crashcart/api';
import { useEffect, useRef, useState } from 'preact/hooks';
import './keyboard-dock.css';
import { keysDown } from '../screen/capture.ts';
import { hid } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import { moveFocus } from '../ui/move-focus.ts';
import { keyboardDocked } from './dock.ts';
import { keyWord } from './key-words.ts';
import {
  CAPS,
  FULL_KEYBOARD,
  type KeyBlock,
  type KeyCell,
  type KeyPage,
  rowWidth,
  SHIFTED,
  SMALL_KEYBOARD,
} from './keyboard-layout.ts';
import { latched } from './latched-keys.ts';
import { pressOnScreen, releaseAllOnScreen, releaseOnScreen } from './on-screen-keys.ts';

/** From this width on the whole keyboard fits, in px. */
const FULL_PX = 860;

const PAGES: readonly {
  readonly page: KeyPage;
  readonly label: string;
  readonly short: string;
}[] = [
  { page: 'letters', label: 'abc, letters', short: 'abc' },
  { page: 'functions', label: 'F1 ↑, F keys and arrows', short: 'F1 ↑' },
  { page: 'numbers', label: '123, number pad and rare keys', short: '123' },
];

/** A keyboard below the screen, for the pointer, the finger and the keyboard. */
export function KeyboardDock() {
  const dock = useRef<HTMLElement>(null);
  const isFull = useWidth(dock) >= FULL_PX;
  const [page, setPage] = useState<KeyPage>('letters');
  useEffect(() => () => void releaseAllOnScreen(), []);
  const blocks = isFull ? FULL_KEYBOARD : [SMALL_KEYBOARD[page]];
  const leds = hid.value?.keyboard.leds;
  return (
    <section ref={dock} class="dock" aria-label="On-screen keyboard">
      <header>
        {!isFull && (
          <nav class="pages" aria-label="Keys to choose from">
            {PAGES.map(({ page: each, label, short }) => (
              <Button
                key={each}
                label={label}
                short={short}
                look="bar"
                pressed={each === page}
                onPress={() => {
                  releaseAllOnScreen();
                  setPage(each);
                }}
              />
            ))}
          </nav>
        )}
        {isFull && (
          <p class="note">
            One press holds Ctrl, Shift, Alt or Win for the next key, two hold it until the next
            press.
          </p>
        )}
        <Lock label="Caps" on={leds?.caps === true} />
        <Lock label="Num" on={leds?.num === true} />
        <Lock label="Scroll" on={leds?.scroll === true} />
        <Button
          label="Close the keyboard"
          icon="close"
          iconOnly
          look="bar"
          onPress={() => {
            keyboardDocked.value = false;
          }}
        />
      </header>
      <Blocks blocks={blocks} />
    </section>
  );
}

/** A light of the machine's keyboard; it differs in shape, too. */
function Lock({ label, on }: { readonly label: string; readonly on: boolean }) {
  return (
    <span class="lock" data-on={on}>
      {label}
      <span class="hidden">{on ? ' Lock is on' : ' Lock is off'}</span>
    </span>
  );
}

function Blocks({ blocks }: { readonly blocks: readonly KeyBlock[] }) {
  // One key takes part in tabbing, the arrows go on from there.
  const [current, setCurrent] = useState<KeyName>('Escape');
  const keys = blocks.flat(2).flatMap(({ key }) => key ?? []);
  const tabKey = keys.includes(current) ? current : keys[0];
  return (
    <div
      class="blocks"
      role="toolbar"
      aria-label="Keys"
      style={{ '--units': blocks.reduce((sum, [row = []]) => sum + rowWidth(row), 0) }}
      onMouseDown={(event) => event.preventDefault()}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => moveFocus(event)}
      onFocusIn={({ target }) => {
        const key = target instanceof HTMLElement ? target.dataset.key : undefined;
        if (key !== undefined) setCurrent(key as KeyName);
      }}
    >
      {blocks.map((block, index) => (
        <div key={`${index}`} class="block" style={{ '--columns': rowWidth(block[0] ?? []) }}>
          {block.map((row, at) => (
            <div key={`${at}`} class="row">
              {row.map((cell, place) => (
                <Cell key={cell.key ?? `${place}`} cell={cell} isTabKey={cell.key === tabKey} />
              ))}
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

function Cell({ cell, isTabKey }: { readonly cell: KeyCell; readonly isTabKey: boolean }) {
  const { key, width } = cell;
  const style = { '--width': width };
  if (key === undefined) return <span class="gap" style={style} />;
  const latch = latched.value.get(key);
  const upper = SHIFTED[key];
  const isHit = (event: KeyboardEvent) => event.key === 'Enter' || event.key === ' ';
  return (
    <button
      type="button"
      class="key"
      style={style}
      tabIndex={isTabKey ? 0 : -1}
      aria-label={nameOf(key)}
      aria-pressed={latch === undefined ? undefined : true}
      title={latch === undefined ? undefined : `${keyWord(key)} is ${LATCH_WORDS[latch]}`}
      data-key={key}
      data-down={keysDown.value.includes(key)}
      data-latch={latch}
      onPointerDown={(event) => event.button === 0 && pressOnScreen(key)}
      onPointerUp={() => releaseOnScreen(key)}
      onPointerLeave={() => releaseOnScreen(key)}
      onPointerCancel={() => releaseOnScreen(key)}
      onBlur={() => releaseOnScreen(key)}
      onKeyDown={(event) => {
        if (!isHit(event)) return;
        event.preventDefault();
        if (!event.repeat) pressOnScreen(key);
      }}
      onKeyUp={(event) => isHit(event) && releaseOnScreen(key)}
      onClick={({ detail }) => {
        // Neither pointer nor key: a reader or a switch pressed it.
        if (detail > 0) return;
        pressOnScreen(key);
        releaseOnScreen(key);
      }}
    >
      {upper !== undefined && <small>{upper}</small>}
      <span>{CAPS[key] ?? keyWord(key)}</span>
    </button>
  );
}

/** The name of a key, with what is written on it (WCAG 2.5.3). */
function nameOf(key: KeyName): string {
  const word = keyWord(key);
  const cap = CAPS[key] ?? word;
  const isIn = ` ${word} `.toLowerCase().includes(` ${cap} `.toLowerCase());
  return isIn ? word : `${word}, ${cap}`;
}

const LATCH_WORDS = { latched: 'held for the next key', locked: 'held until it is pressed again' };

/** The width of the element in px, as it changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
