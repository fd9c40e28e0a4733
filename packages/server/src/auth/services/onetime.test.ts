import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { OnetimeService } from './onetime.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-onetime-'));
});
afterEach(() => rm(dir, { recursive: true }));

const file = () => join(dir, 'creds.json');
const shown = async (): Promise<{ user: string; passwd: string }> =>
  JSON.parse(await readFile(file(), 'utf8'));

function make(options: { changeAfterLogin?: boolean; file?: string } = {}): OnetimeService {
  return new OnetimeService({
    ...{ user: 'onetime', length: 8, file: file(), fileMode: 0o640 },
    ...{ changeAfterLogin: false, log: silentLog, ...options },
  });
}

it('shows a password that lets its user in, and nobody else', async () => {
  const service = make();
  expect(await service.verify('onetime', 'x')).toBe(false);
  const { user, passwd } = await shown();
  expect(user).toBe('onetime');
  expect(passwd).toMatch(/^[A-HJ-NP-Z]{8}$/);
  expect((await stat(file())).mode & 0o777).toBe(0o640);
  const wrong = [`${passwd} `, passwd.slice(1), '', passwd.toLowerCase()];
  for (const each of wrong) expect(await service.verify('onetime', each)).toBe(false);
  expect(await service.verify('admin', passwd)).toBe(false);
  expect(await service.verify('onetime', passwd)).toBe(true);
  expect(await service.verify('onetime', passwd)).toBe(true);
});

it('changes it with each login when asked, also when two come at once', async () => {
  const service = make({ changeAfterLogin: true });
  await service.verify('onetime', 'x');
  const { passwd } = await shown();
  const before = await service.version();
  const both = await Promise.all([
    service.verify('onetime', passwd),
    service.verify('onetime', passwd),
  ]);
  expect(both.filter(Boolean)).toHaveLength(1);
  expect(await service.version()).not.toBe(before);
  await service.verify('onetime', 'x');
  const next = await shown();
  expect(next.passwd).not.toBe(passwd);
  expect(await service.verify('onetime', next.passwd)).toBe(true);
});

it('is unavailable while the file cannot be written', async () => {
  const service = make({ file: join(dir, 'gone', 'creds.json') });
  await expect(service.verify('onetime', 'x')).rejects.toMatchObject({ name: 'UnavailableError' });
});
