import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

const underWay = new Map<string, Promise<readonly { address: string; family: number }[]>>();

/** The addresses of a host; many askers at once share one query. */
async function addressesOf(host: string) {
  let query = underWay.get(host);
  if (!query) {
    query = lookup(host, { all: true }).finally(() => underWay.delete(host));
    underWay.set(host, query);
  }
  return query;
}

/**
 * For `lookup` of sockets. A query occupies one of Node's four file threads for as long as a dead
 * name server lets it wait: with one of its own for each attempt, no file could be read any more.
 */
export const sharedLookup: LookupFunction = (host, options, callback) => {
  addressesOf(host).then(
    (found) => {
      const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family;
      const fitting = found.filter((each) => !family || each.family === family);
      const [first] = fitting;
      if (!first) {
        const error = Object.assign(new Error(`${host} has no such address`), {
          code: 'ENOTFOUND',
        });
        callback(error, '', 0);
      } else if (options.all) callback(null, [...fitting]);
      else callback(null, first.address, first.family);
    },
    (error: NodeJS.ErrnoException) => callback(error, '', 0),
  );
};

/** The first address of a host, which may be an address itself. */
export async function firstAddress(host: string): Promise<{ address: string; family: number }> {
  const family = isIP(host);
  if (family !== 0) return { address: host, family };
  const [first] = await addressesOf(host);
  if (!first) throw new Error(`${host} has no address`);
  return first;
}
