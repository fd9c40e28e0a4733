import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const GOLDEN = new URL('../packages/server/test/golden/', import.meta.url);
/** Of the recorded cases that did not go through the front, so many may differ. */
const MAX_SHARE = 0.08;

interface Line {
  readonly name?: string;
  readonly via?: string;
}

interface Difference {
  readonly name: string;
}

const read = (name: string) => readFileSync(fileURLToPath(new URL(name, GOLDEN)), 'utf8');
const lines = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => read(name).trimEnd().split('\n'))
  .map((line) => JSON.parse(line) as Line);
const direct = new Set(
  lines.flatMap(({ name, via }) => (name && !via?.startsWith('nginx') ? [name] : [])),
);
const differences = JSON.parse(read('differences.json')) as readonly Difference[];
test(`less than ${MAX_SHARE * 100} % of the recorded cases are answered otherwise`, () => {
  const listed = differences.filter((each) => direct.has(each.name)).map(({ name }) => name);
  expect(new Set(listed).size).toBe(listed.length);
  expect(direct.size).toBeGreaterThan(600);
  expect(listed.length / direct.size).toBeLessThan(MAX_SHARE);
});
