import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** What a list of any length is. */
export interface VirtualListProps {
  readonly label: string;
  readonly count: number;
  /** Height of each row in px. */
  readonly rowPx: number;
  readonly row: (index: number, tabIndex: 0 | -1) => ComponentChildren;
}

/** Rows beyond the visible ones that are drawn as well, so that scrolling shows no gaps. */
const BEYOND = 6;

/**
 * A list that draws only the rows that can be seen of its scrolling `.body`, and the one with the
 * focus. Arrows, Page Up and Down, Home and End move the focus, which one Tab reaches; each row
 * holds one focusable element.
 */
export function VirtualList({ label, count, rowPx, row }: VirtualListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [{ from, to }, setRange] = useState({ from: 0, to: 20 });
  const [current, setCurrent] = useState(0);
  const wantsFocus = useRef(false);
  const last = Math.max(0, count - 1);
  const active = Math.min(current, last);

  const measure = () => {
    const element = list.current;
    const scroller = element?.closest('.body');
    if (!element || !scroller) return;
    const { top } = element.getBoundingClientRect();
    const view = scroller.getBoundingClientRect();
    const next = {
      from: Math.max(0, Math.floor((view.top - top) / rowPx) - BEYOND),
      // The first rows are there even while the list is below what can be seen.
      to: Math.max(BEYOND, Math.ceil((view.bottom - top) / rowPx) + BEYOND),
    };
    setRange((before) => (before.from === next.from && before.to === next.to ? before : next));
  };
  // What is above the list may have grown, so every drawing measures.
  useLayoutEffect(measure);
  useLayoutEffect(() => {
    const scroller = list.current?.closest('.body');
    if (!scroller) return;
    scroller.addEventListener('scroll', measure, { passive: true });
    const resized = new ResizeObserver(measure);
    resized.observe(scroller);
    return () => {
      scroller.removeEventListener('scroll', measure);
      resized.disconnect();
    };
  }, [rowPx]);
  // A row that is moved in the document loses the focus.
  const hadFocus = list.current?.contains(document.activeElement) === true;
  useLayoutEffect(() => {
    const isLost = hadFocus && list.current?.contains(document.activeElement) === false;
    if (!wantsFocus.current && !isLost) return;
    const item = list.current?.querySelector<HTMLElement>(`[data-index="${active}"]`);
    if (wantsFocus.current) item?.scrollIntoView({ block: 'nearest' });
    item?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
    wantsFocus.current = false;
  });

  const indices: number[] = [];
  for (let index = from; index < Math.min(to, count); index += 1) indices.push(index);
  if (count > 0 && !indices.includes(active)) {
    if (active < from) indices.unshift(active);
    else indices.push(active);
  }

  return (
    <ul
      ref={list}
      class="virtual-list"
      // biome-ignore lint/a11y/noRedundantRoles: Safari takes the role from a list without bullets
      role="list"
      aria-label={label}
      style={{ height: `${count * rowPx}px` }}
      onKeyDown={(event) => {
        const pageRows = Math.max(1, Math.floor(innerHeight / 2 / rowPx));
        const next = NEXT[event.key]?.(active, last, pageRows);
        if (next === undefined) return;
        event.preventDefault();
        wantsFocus.current = true;
        setCurrent(Math.min(last, Math.max(0, next)));
      }}
      onFocusIn={({ target }) => {
        const item = (target as Element).closest<HTMLElement>('[data-index]');
        if (item !== null) setCurrent(Number(item.dataset.index));
      }}
    >
      {indices.map((index) => (
        <li
          key={index}
          data-index={index}
          aria-posinset={index + 1}
          aria-setsize={count}
          style={{ height: `${rowPx}px`, top: `${index * rowPx}px` }}
        >
          {row(index, index === active ? 0 : -1)}
        </li>
      ))}
    </ul>
  );
}

type Move = (at: number, last: number, pageRows: number) => number;

const NEXT: Readonly<Record<string, Move>> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, _last, pageRows) => at + pageRows,
  PageUp: (at, _last, pageRows) => at - pageRows,
  Home: () => 0,
  End: (_at, last) => last,
};
