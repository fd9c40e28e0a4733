/** One number with what tells it from others of its family. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | boolean;
}

/** Everything of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A family of one number without labels. */
export function gauge(name: string, help: string, value: number | boolean): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ value }] };
}

/**
 * Families as Prometheus reads them (text format 0.0.4), with an empty line between them as PiKVM
 * has it. Characters that a name may not have become `_`; of families whose names are the same then
 * the first counts.
 */
export function exposition(families: readonly MetricFamily[]): string {
  const blocks = new Map<string, string>();
  for (const { name: given, type, help, samples } of families) {
    const name = given.replace(/[^a-zA-Z0-9_:]/g, '_');
    if (samples.length === 0 || blocks.has(name)) continue;
    const lines = samples.map((sample) => `${name}${labelled(sample)} ${Number(sample.value)}\n`);
    const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    blocks.set(name, `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${lines.join('')}`);
  }
  return [...blocks.values()].join('\n');
}

function labelled({ labels = {} }: Sample): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
