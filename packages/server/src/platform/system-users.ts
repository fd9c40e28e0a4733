import { readText } from './files.ts';

/** Names of users, and of groups whose members count. */
export interface SystemUsers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/**
 * The uids of these users and of all members of these groups, from /etc/passwd and /etc/group;
 * names that the system does not know are left out. The paths are a seam for tests.
 */
export async function uidsOf(
  { users, groups }: SystemUsers,
  paths = { passwd: '/etc/passwd', group: '/etc/group' },
): Promise<ReadonlySet<number>> {
  const names = new Set(users);
  const gids = new Set<string>();
  // group(5): name:password:gid:member,member
  for (const [name = '', , gid = '', members = ''] of rows(await readText(paths.group))) {
    if (!groups.includes(name)) continue;
    gids.add(gid);
    for (const member of members.split(',')) names.add(member);
  }
  const uids = new Set<number>();
  // passwd(5): name:password:uid:gid:…
  for (const [name = '', , uid = '', gid = ''] of rows(await readText(paths.passwd))) {
    if (/^\d+$/.test(uid) && (names.has(name) || gids.has(gid))) uids.add(Number(uid));
  }
  return uids;
}

function rows(text: string | undefined): readonly string[][] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** The user of this name and its first group, from /etc/passwd; undefined when there is none. */
export async function findUser(
  wanted: string,
  passwd = '/etc/passwd',
): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const row = rows(await readText(passwd)).find(([name]) => name === wanted);
  const [, , uid = '', gid = ''] = row ?? [];
  return /^\d+$/.test(uid) && /^\d+$/.test(gid)
    ? { uid: Number(uid), gid: Number(gid) }
    : undefined;
}

/** What the user of a number is called; undefined when there is none. */
export async function findUserName(
  uid: number,
  passwd = '/etc/passwd',
): Promise<string | undefined> {
  return rows(await readText(passwd)).find(([, , id]) => id === `${uid}`)?.[0];
}

/** Whether there is a user of this name, which groups there are, and which of them it is in. */
export async function groupsOf(
  wanted: string,
  paths = { passwd: '/etc/passwd', group: '/etc/group' },
): Promise<{
  readonly exists: boolean;
  readonly groups: readonly string[];
  readonly allGroups: readonly string[];
}> {
  const user = rows(await readText(paths.passwd)).find(([name]) => name === wanted);
  const all = rows(await readText(paths.group));
  const groups = all.filter(([, , gid, members = '']) => {
    return gid === user?.[3] || members.split(',').includes(wanted);
  });
  const namesOf = (of: readonly string[][]) => of.map(([name = '']) => name);
  return { exists: user !== undefined, groups: namesOf(groups), allGroups: namesOf(all) };
}
