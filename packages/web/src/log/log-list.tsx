import { Component, createRef } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type LogLine, markedParts } from './log.ts';

/** Lines that are drawn and measured together. */
const BLOCK_LINES = 100;
/** Of a line that is not broken, in px; log.css has the same. */
const LINE_PX = 18;
/** So near to the sight lines are drawn, in px. */
const NEAR_PX = 1_000;
/** Within this of the end the list goes on to the newest line, in px. */
const END_PX = 24;

/** What a list of log lines shows. */
export interface LogListProps {
  readonly lines: readonly LogLine[];
  /** What is marked in them. */
  readonly words: readonly string[];
  /** Said when there is no line. */
  readonly empty: string;
}

/** Log lines, the newest at the end, which is followed unless one has scrolled up. */
export function LogList({ lines, words, empty }: LogListProps) {
  const list = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  useFollowedEnd(list, content);
  return (
    <div
      ref={list}
      class="log"
      role="log"
      aria-label="Log lines"
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must take keys
      tabIndex={0}
    >
      <div ref={content}>
        {lines.length === 0 && <p class="empty">{empty}</p>}
        {blocksOf(lines).map((block, index, blocks) => (
          <Block
            key={blockOf(block[0])}
            lines={block}
            words={words}
            // Today goes without saying.
            dayBefore={blocks[index - 1]?.at(-1)?.day ?? lines.at(-1)?.day}
          />
        ))}
      </div>
    </div>
  );
}

const blockOf = (line: LogLine | undefined) => Math.floor((line?.id ?? 0) / BLOCK_LINES);

/** Cut by the numbers of the lines, so that a block stays the same while others come and go. */
function blocksOf(lines: readonly LogLine[]): readonly (readonly LogLine[])[] {
  const blocks: LogLine[][] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last !== undefined && blockOf(last[0]) === blockOf(line)) last.push(line);
    else blocks.push([line]);
  }
  return blocks;
}

interface BlockProps {
  readonly lines: readonly LogLine[];
  readonly words: readonly string[];
  /** The day of the line before. */
  readonly dayBefore: string | undefined;
}

/**
 * An empty place until it is nearly in sight, so that ten thousand lines cost no more than those that
 * are read; drawn again only when its own lines or the marks change.
 */
class Block extends Component<BlockProps, { readonly isNear: boolean }> {
  override state = { isNear: false };
  readonly #place = createRef<HTMLDivElement>();
  #sight: IntersectionObserver | undefined;

  override componentDidMount(): void {
    const { current: place } = this.#place;
    if (place === null) return;
    const come = (entries: readonly IntersectionObserverEntry[]) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.#sight?.disconnect();
      this.setState({ isNear: true });
    };
    this.#sight = new IntersectionObserver(come, {
      root: place.closest('.log'),
      rootMargin: `${NEAR_PX}px 0px`,
    });
    this.#sight.observe(place);
  }

  override componentWillUnmount(): void {
    this.#sight?.disconnect();
  }

  override shouldComponentUpdate(
    next: Readonly<BlockProps>,
    { isNear }: { readonly isNear: boolean },
  ): boolean {
    const { lines, words, dayBefore } = this.props;
    if (isNear !== this.state.isNear || next.words !== words) return true;
    return next.dayBefore !== dayBefore || !isSame(next.lines, lines);
  }

  override render(
    { lines, words, dayBefore }: BlockProps,
    { isNear }: { readonly isNear: boolean },
  ) {
    const height = `${lines.length * LINE_PX}px`;
    return (
      <div
        ref={this.#place}
        class="block"
        style={isNear ? { containIntrinsicBlockSize: `auto ${height}` } : { height }}
      >
        {isNear &&
          lines.map((line, index) => (
            <Line
              key={line.id}
              line={line}
              words={words}
              isNewDay={line.day !== (index > 0 ? lines[index - 1]?.day : dayBefore)}
            />
          ))}
      </div>
    );
  }
}

function isSame(a: readonly LogLine[], b: readonly LogLine[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

interface LineProps {
  readonly line: LogLine;
  readonly words: readonly string[];
  readonly isNewDay: boolean;
}

function Line({ line, words, isNewDay }: LineProps) {
  const { day, time, level, text } = line;
  const isGrave = level === 'warn' || level === 'error';
  return (
    <div class="line" data-level={level}>
      {isNewDay && day !== '' && <div class="day">{day}</div>}
      <time title={`${day} ${time}`}>{time} </time>
      {isGrave && <b>{level === 'warn' ? 'Warning: ' : 'Error: '}</b>}
      {markedParts(text, words).map((part, index) =>
        // Every second part is a find.
        index % 2 === 1 ? <mark key={index}>{part}</mark> : part,
      )}
    </div>
  );
}

/** Stays at the end while the content grows or is measured, until the reader scrolls up. */
function useFollowedEnd(
  list: { readonly current: HTMLElement | null },
  content: { readonly current: HTMLElement | null },
): void {
  const isAtEnd = useRef(true);
  const seen = useRef({ top: 0, height: 0 });
  const toEnd = () => {
    const { current: element } = list;
    if (element === null || !isAtEnd.current) return;
    element.scrollTop = element.scrollHeight;
    seen.current = { top: element.scrollTop, height: element.scrollHeight };
  };
  // A line that comes while as high a one goes changes no size.
  useLayoutEffect(toEnd);
  useEffect(() => {
    const { current: element } = list;
    const { current: inner } = content;
    if (element === null || inner === null) return;
    const scrolled = () => {
      const { scrollTop, clientHeight, scrollHeight } = element;
      if (scrollHeight - scrollTop - clientHeight < END_PX) isAtEnd.current = true;
      // Only a reader goes up in a content that stays as it is.
      else if (scrollTop < seen.current.top && scrollHeight === seen.current.height) {
        isAtEnd.current = false;
      }
      seen.current = { top: scrollTop, height: scrollHeight };
    };
    // The browser would glide to where the end was before the lines on the way were measured.
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== 'Home' && event.key !== 'End') return;
      event.preventDefault();
      isAtEnd.current = event.key === 'End';
      if (isAtEnd.current) toEnd();
      else element.scrollTop = 0;
    };
    // Its first scroll may come with a change of the size, which alone would not be the reader's.
    const wheeled = ({ deltaY }: WheelEvent) => {
      if (deltaY < 0 && element.scrollTop > 0) isAtEnd.current = false;
    };
    const sizes = new ResizeObserver(toEnd);
    sizes.observe(inner);
    sizes.observe(element);
    element.addEventListener('scroll', scrolled);
    element.addEventListener('keydown', pressed);
    element.addEventListener('wheel', wheeled, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('keydown', pressed);
      element.removeEventListener('wheel', wheeled);
      element.removeEventListener('scroll', scrolled);
    };
  }, []);
}
