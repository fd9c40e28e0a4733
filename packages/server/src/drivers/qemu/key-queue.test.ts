import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyQueue } from './key-queue.ts';
import type { QmpClient } from './qmp-client.ts';

let directory: string;
let log: string;
const client = { execute: async () => ({}) } as unknown as QmpClient;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cc-keys-'));
  log = join(directory, 'qemu.log');
  writeFileSync(log, 'hid_kbd_queue_full queue full\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('counts the keys that QEMU told it dropped, and nothing else that it tells', async () => {
  const queue = new KeyQueue(log);
  await queue.watch(client);
  expect(queue.sent('KeyA', 2)).toBe(0);
  appendFileSync(log, 'qemu-system-x86_64: warning: something else\n');
  expect(queue.sent('KeyB', 2)).toBe(0);
  appendFileSync(log, 'hid_kbd_queue_full queue full\nhid_kbd_queue_full queue full\n');
  expect(queue.sent('KeyC', 2)).toBe(2);
  expect(queue.sent('KeyC', 2)).toBe(0);
});

test('knows of no dropped key where the log is not ours', async () => {
  const queue = new KeyQueue(undefined);
  await queue.watch(client);
  expect(queue.sent('KeyA', 2)).toBe(0);
});
