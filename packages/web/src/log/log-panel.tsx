import { useEffect, useMemo, useState } from 'preact/hooks';
import { address } from '../api.ts';
import { hostName } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { type LogLevel, type LogLine, matching, searchWords } from './log.ts';
import { followLog } from './log-follow.ts';
import { LogList } from './log-list.tsx';
import './log.css';

const LEVELS: readonly (readonly [LogLevel, string])[] = [
  ['debug', 'All lines'],
  ['warn', 'Warnings and errors'],
  ['error', 'Errors only'],
];
/** How far back, in s; 0 = all. */
const RANGES: readonly (readonly [number, string])[] = [
  [3_600, 'Last hour'],
  [86_400, 'Last day'],
  [0, 'All that is kept'],
];

/** The log of the server as it grows: search, levels, pause, download. */
export function LogPanel() {
  const [seekS, setSeek] = useState(3_600);
  const { lines, trouble } = useLog(seekS);
  const [frozen, setFrozen] = useState<readonly LogLine[] | undefined>(undefined);
  const [search, setSearch] = useState('');
  const [least, setLeast] = useState<LogLevel>('debug');
  const words = useMemo(() => searchWords(search), [search]);
  const kept = frozen ?? lines;
  const shown = useMemo(() => matching(kept, words, least), [kept, words, least]);
  const waiting = frozen === undefined ? 0 : newer(lines, frozen);

  return (
    <>
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
      <div class="log-tools">
        <Choice
          label="Levels"
          choices={LEVELS}
          value={least}
          onChoose={(value) => setLeast(value)}
        />
        <Choice
          label="How far back"
          choices={RANGES}
          value={seekS}
          onChoose={(value) => {
            setFrozen(undefined);
            setSeek(value);
          }}
        />
        <Button
          label="Pause"
          icon={frozen === undefined ? 'pause' : 'play'}
          iconOnly
          pressed={frozen !== undefined}
          onPress={() => setFrozen(frozen === undefined ? lines : undefined)}
        />
        <a
          class="button plain"
          href={address('api/log?seek=0')}
          download={`${hostName.value ?? 'crashcart'}.log`}
          title="Download the whole log"
          aria-label="Download the whole log"
        >
          <Icon name="download" />
        </a>
      </div>
      <p class="note" role="status">
        {trouble ?? countText(shown.length, kept.length, waiting)}
      </p>
      {/* Other lines are another list: it begins at its end, and draws no more than is seen. */}
      <LogList
        key={`${least} ${words.join(' ')}`}
        lines={shown}
        words={words}
        empty={emptyText(kept.length)}
      />
    </>
  );
}

interface ChoiceProps<T extends string | number> {
  readonly label: string;
  readonly choices: readonly (readonly [T, string])[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

function Choice<T extends string | number>({ label, choices, value, onChoose }: ChoiceProps<T>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => {
        const chosen = choices[currentTarget.selectedIndex];
        if (chosen !== undefined) onChoose(chosen[0]);
      }}
    >
      {choices.map(([each, words]) => (
        <option key={each} value={each}>
          {words}
        </option>
      ))}
    </select>
  );
}

function useLog(seekS: number) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>('Loading');
  useEffect(() => {
    const ending = new AbortController();
    void followLog(seekS, { lines: setLines, trouble: setTrouble }, ending.signal);
    return () => ending.abort();
  }, [seekS]);
  return { lines, trouble };
}

/** How many lines came after these; a log that was read anew counts from one again. */
function newer(lines: readonly LogLine[], than: readonly LogLine[]): number {
  return Math.max(0, (lines.at(-1)?.id ?? 0) - (than.at(-1)?.id ?? 0));
}

const count = (lines: number) => (lines === 1 ? '1 line' : `${lines.toLocaleString('en')} lines`);

function countText(shown: number, kept: number, waiting: number): string {
  const text = shown === kept ? count(kept) : `${shown.toLocaleString('en')} of ${count(kept)}`;
  return waiting > 0 ? `${text} · paused, ${count(waiting)} more since` : text;
}

function emptyText(kept: number): string {
  if (kept > 0) return 'No line has these words and this level. Clear the search to see all.';
  return 'Nothing was logged in this time. New lines appear here.';
}
