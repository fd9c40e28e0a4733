import { percentilesOf } from './latency-report.ts';

const WIDTH = 720;
const HEIGHT = 320;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 24, 40, 44];
/** Lines of the time axis at most. */
const TICKS = 8;
const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/** A curve of how many presses were answered within which time, as SVG. */
export function latencyPlot(timesMs: readonly number[], title: string): string {
  const sorted = timesMs.toSorted((one, other) => one - other);
  const longest = sorted.at(-1) ?? 1;
  const stepMs = STEPS_MS.find((each) => longest / each <= TICKS) ?? longest;
  const endMs = Math.max(stepMs, Math.ceil(longest / stepMs) * stepMs);
  const x = (ms: number) => (LEFT + (ms / endMs) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (share: number) => (HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const lines: string[] = [];
  for (let ms = 0; ms <= endMs; ms += stepMs) {
    lines.push(line(x(ms), y(0), x(ms), y(1), '#8884'));
    lines.push(text(x(ms), HEIGHT - BOTTOM + 18, 'middle', `${ms}`));
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    lines.push(line(x(0), y(share), x(endMs), y(share), '#8884'));
    lines.push(text(LEFT - 8, Number(y(share)) + 4, 'end', `${share * 100} %`));
  }
  const points = sorted.flatMap((ms, index) => {
    const [from, to] = [index / sorted.length, (index + 1) / sorted.length];
    return [`${x(ms)},${y(from)}`, `${x(ms)},${y(to)}`];
  });
  lines.push(`<polyline points="${points.join(' ')}" fill="none" stroke="#27c" stroke-width="2"/>`);
  const told = percentilesOf(timesMs).map(([name, ms]) => `${name} ${ms.toFixed(1)}`);
  lines.push(text(LEFT, 24, 'start', escapeXml(`${title}: ${told.join(', ')} ms`)));
  lines.push(text((WIDTH + LEFT) / 2, HEIGHT - 8, 'middle', 'ms from the key to the picture'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${escapeXml(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${lines.join('\n')}
</svg>
`;
}

function line(x1: string, y1: string, x2: string, y2: string, color: string): string {
  return `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${color}"/>`;
}

function text(x: number | string, y: number, anchor: string, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${content}</text>`;
}

function escapeXml(content: string): string {
  return content.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}
