import type { Socket } from 'node:net';

/** The descriptor of an open socket, for calls that Node lacks; undefined for any other kind. */
export function socketDescriptor(socket: Socket, kind: 'Pipe' | 'TCP'): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  if (handle.constructor.name !== kind) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
