/** What a measurement found. */
export interface LatencyResult {
  /** Host and path of the server. */
  readonly target: string;
  readonly key: string;
  /** Where the change was looked for. */
  readonly region: string;
  /** px. */
  readonly width: number;
  readonly height: number;
  /** From key to picture, ms, in the order of the presses. */
  readonly timesMs: readonly number[];
  /** Presses that changed nothing in time. */
  readonly lost: number;
  /** As ISO 8601 has it. */
  readonly date: string;
}

/** The smallest time that `share` (0..1) of all are not longer than; NaN of none. */
export function percentile(timesMs: readonly number[], share: number): number {
  const sorted = timesMs.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The percentiles of the report, by name. */
export function percentilesOf(timesMs: readonly number[]): readonly (readonly [string, number])[] {
  return [
    ['p50', percentile(timesMs, 0.5)],
    ['p95', percentile(timesMs, 0.95)],
    ['p99', percentile(timesMs, 0.99)],
    ['worst', percentile(timesMs, 1)],
  ];
}

/** The report in Markdown; `plot` is the name of the file with the picture of it. */
export function latencyReport(result: LatencyResult, plot: string): string {
  const { target, key, region, width, height, timesMs, lost, date } = result;
  const rows = percentilesOf(timesMs).map(([name, ms]) => `| ${name} | ${ms.toFixed(1)} |`);
  return `# Input to pixel

${target}, ${date}: ${timesMs.length} presses of ${key}, picture of ${width}x${height}, change looked for ${region}.

|       | ms |
| ----- | -- |
${rows.join('\n')}

${lost === 0 ? 'Every press changed the picture.' : `${lost} presses changed nothing in time and are not in the figures.`}

![Times from the key to the changed picture](${plot})

## What is in these figures

From the moment at which this program sends the key to the moment at which the first changed picture has come to it:
the way to the server, its keyboard, the machine that takes the key and draws, the capture of its screen, the JPEG
encoder and the way back. With few presses p99 is the worst one.

Not in them: the keyboard and browser of a person, decoding and display of the picture there (a monitor of 60 Hz adds 8 ms
on average), and whatever another path than JPEG (tiles, H.264, WebRTC) takes more or less.
`;
}
