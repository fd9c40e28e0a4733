import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { address } from '../api.ts';
import { backoffMs } from '../state/backoff.ts';
import { LogLines, matching } from '../state/log.ts';
import { closePanel } from '../state/panels.ts';
import { Drawer } from '../ui/drawer.tsx';
import { Icon } from '../ui/icon.tsx';

const SEEK_S = 3_600;
/** Within this of the end the list goes on to the newest line, in px. */
const END_PX = 24;

/** The log of the server as it grows. */
export function LogPanel() {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [search, setSearch] = useState('');
  useEffect(() => {
    const ending = new AbortController();
    void followLog(ending.signal, setLines, setTrouble);
    return () => ending.abort();
  }, []);
  const shown = useMemo(() => matching(lines, search), [lines, search]);
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  });

  return (
    <Drawer id="panel-log" title="Log" onClose={closePanel}>
      <label class="search">
        <Icon name="search" />
        <span class="hidden">Search the log</span>
        <input
          type="search"
          placeholder="Search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </label>
      <p class="note" role="status">
        {trouble ?? countOf(shown.length, lines.length)}
      </p>
      <div
        ref={list}
        class="log"
        role="log"
        aria-label="Log lines"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must take keys
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < END_PX;
        }}
      >
        {shown.length === 0 ? (
          <p class="empty">{emptyText(lines.length, search)}</p>
        ) : (
          shown.map((line, index) => <div key={`${index}`}>{line}</div>)
        )}
      </div>
    </Drawer>
  );
}

function countOf(shown: number, all: number): string {
  const lines = all === 1 ? '1 line' : `${all} lines`;
  return shown === all ? `${lines} of the last hour` : `${shown} of ${lines}`;
}

function emptyText(all: number, search: string): string {
  if (all > 0 && search !== '') return 'No line has these words. Clear the search to see all.';
  return 'Nothing was logged in the last hour. New lines appear here.';
}

async function followLog(
  signal: AbortSignal,
  show: (lines: readonly string[]) => void,
  tell: (trouble: string | undefined) => void,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      const log = new LogLines();
      const url = address(`api/log?follow=1&seek=${SEEK_S}`);
      const response = await fetch(url, { signal });
      if (response.status === 403) {
        tell('You may not read the log.');
        return;
      }
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
      tell(undefined);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        attempt = 1;
        log.add(part.value);
        show(log.lines);
      }
    } catch {
      if (signal.aborted) return;
    }
    tell('The log is not reached now; trying again.');
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
  }
}
