import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findUser, uidsOf } from './system-users.ts';

it('finds users by name, by membership and by their own group', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'crashcart-users-'));
  const paths = { passwd: join(dir, 'passwd'), group: join(dir, 'group') };
  await writeFile(
    paths.passwd,
    'root:x:0:0::/:\n# no:x:1:1\nann:x:1000:1000::/:\nbob:x:1001:50::/:\neve:x:1002:9::/:\nodd::\n',
  );
  await writeFile(paths.group, 'kvm:x:50:ann,gone\nother:x:9:\n');
  expect(await uidsOf({ users: ['root', 'nobody'], groups: ['kvm', 'none'] }, paths)).toEqual(
    new Set([0, 1000, 1001]),
  );
  expect(await uidsOf({ users: [], groups: [] }, paths)).toEqual(new Set());
  expect(await findUser('bob', paths.passwd)).toEqual({ uid: 1001, gid: 50 });
  expect(await findUser('odd', paths.passwd)).toBeUndefined();
  expect(await findUser('no', paths.passwd)).toBeUndefined();
  await rm(dir, { recursive: true });
});

it("knows this system's root", async () => {
  expect(await findUser('root')).toEqual({ uid: 0, gid: 0 });
  expect(await uidsOf({ users: ['root'], groups: [] })).toEqual(new Set([0]));
});
