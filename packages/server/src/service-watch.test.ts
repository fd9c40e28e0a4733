import { expect, it } from 'vitest';
import { silentLog } from './core/log.ts';
import { StateCell, until } from './core/state.ts';
import { systemdNotifier, watchdogMs } from './platform/sd-notify.ts';
import { ServiceWatch } from './service-watch.ts';

function watch(check: () => Promise<unknown>, isWatched = true) {
  const told = new StateCell<readonly string[]>([]);
  const errors = new StateCell(0);
  const service = new ServiceWatch({
    notify: async (message) => void told.set([...told.value, message]),
    watchdogMs: isWatched ? 20 : undefined,
    check,
    log: { ...silentLog, error: () => errors.set(errors.value + 1) },
  });
  return { service, told, errors };
}

it('tells that the service is ready, that it lives, and that it ends', async () => {
  const { service, told } = watch(async () => undefined);
  await service.ready();
  await until(told, ({ length }) => length > 3);
  await service.stopping();
  const [first, ...rest] = told.value;
  expect([first, rest.pop(), ...new Set(rest)]).toEqual(['READY=1', 'STOPPING=1', 'WATCHDOG=1']);
});

it('tells no life when nobody watches', async () => {
  let checks = 0;
  const { service, told } = watch(async () => (checks += 1), false);
  await service.ready();
  await service.stopping();
  expect([told.value, checks]).toEqual([['READY=1', 'STOPPING=1'], 0]);
});

it.each([
  ['fails', () => Promise.reject(new Error('broken'))],
  ['never ends', () => new Promise(() => undefined)],
])('tells nothing while a check %s, says so once, and goes on when it is over', async (_, sick) => {
  let check: () => Promise<unknown> = sick;
  let checks = 0;
  const enough = new StateCell(0);
  const { service, told, errors } = watch(() => {
    checks += 1;
    enough.set(checks);
    return check();
  });
  await service.ready();
  await until(enough, (count) => count > 3);
  expect([told.value, errors.value]).toEqual([['READY=1'], 1]);
  check = async () => undefined;
  await until(told, (messages) => messages.includes('WATCHDOG=1'));
  await service.stopping();
});

it('is a service only where systemd says so, and watched only where it is meant', () => {
  expect(systemdNotifier({})).toBeUndefined();
  expect(systemdNotifier({ NOTIFY_SOCKET: 'relative' })).toBeUndefined();
  expect(watchdogMs({ WATCHDOG_USEC: '30000000' })).toBe(30_000);
  expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(30_000);
  for (const env of [
    {},
    { WATCHDOG_USEC: '0' },
    { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' },
  ]) {
    expect(watchdogMs(env, 7)).toBeUndefined();
  }
});

it('says when there is nobody at the socket', async () => {
  const notify = systemdNotifier({ NOTIFY_SOCKET: '/run/no-such-socket' });
  await expect(notify?.('READY=1')).rejects.toThrow('/run/no-such-socket');
});
