import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where all figures of a run are. */
export const FIGURES = fileURLToPath(
  new URL('../../../../../.cache/lab/figures.jsonl', import.meta.url),
);

/** Prints what was measured, in one line, and adds it to .cache/lab/figures.jsonl. */
export function figure(name: string, value: number, unit: string, goal?: string): void {
  const rounded = Math.round(value * 100) / 100;
  const wanted = goal === undefined ? '' : ` (goal ${goal})`;
  process.stdout.write(`lab: ${name}: ${rounded} ${unit}${wanted}\n`);
  mkdirSync(dirname(FIGURES), { recursive: true });
  const row = { time: new Date().toISOString(), name, value: rounded, unit, goal };
  appendFileSync(FIGURES, `${JSON.stringify(row)}\n`);
}

/** The value below which half of them are. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this part of them is. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
}
