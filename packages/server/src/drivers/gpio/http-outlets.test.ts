import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { createAnel, createHue } from './http-outlets.ts';

const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** A device whose `mood` may be bad. */
async function serve(answer: Answer) {
  const device = { url: '', mood: 'fine', requests: [] as string[] };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    device.requests.push(`${request.method} ${request.url} ${body}`);
    if (device.mood === 'fine') answer(request, body, response);
    else if (device.mood === 'garbage') response.end('<html>\xff;;;</html>');
    else if (device.mood === 'half') response.write('{"1": {', () => response.destroy());
    else if (device.mood === 'error') response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  device.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return device;
}

const MOODS = ['silent', 'garbage', 'half', 'error'];
const times = { verify: true, state_poll: 0.03, timeout: 0.2 };

describe('ANEL outlets', () => {
  const start = async () => {
    const on = [true, false, false];
    const device = await serve((request, body, response) => {
      if (request.headers.authorization !== `Basic ${btoa('u:p')}`) {
        response.writeHead(401).end();
      } else if (request.url === '/strg.cfg') {
        response.end(`NET;${on.map((each) => `${each ? 1 : 0};a;b;c;d;`).join('')}`);
      } else {
        const [, outlet, state] = /^F(\d)=([01])$/.exec(body) ?? [];
        on[Number(outlet)] = state === '1';
        response.end();
      }
    });
    return { device, on };
  };

  test('tell their state, take others, and start as they shall', async () => {
    const { device } = await start();
    const context = gpioContext('output', { 0: undefined, 1: true, 2: false });
    await using driver = createAnel({ url: device.url, user: 'u', passwd: 'p', ...times }, context);
    await waitForOn(driver, ['0', '1']);
    await driver.write('0', false);
    await waitForOn(driver, ['1']);
    expect(device.requests.filter((each) => each.startsWith('POST'))).toEqual([
      ...['POST /ctrl.htm F1=1', 'POST /ctrl.htm F2=0', 'POST /ctrl.htm F0=0'],
    ]);
  });

  test('are offline with a wrong password', async () => {
    const { device } = await start();
    const context = gpioContext('output', { 0: undefined });
    await using driver = createAnel({ url: device.url, user: 'u', passwd: 'x', ...times }, context);
    await expect.poll(() => context.warnings.length).toBe(1);
    expect(driver.levels.value.size).toBe(0);
  });

  test.each(MOODS)('are offline while the device is %s, then back', async (mood) => {
    const { device } = await start();
    const context = gpioContext('output', { 0: undefined });
    await using driver = createAnel({ url: device.url, user: 'u', passwd: 'p', ...times }, context);
    await waitForOn(driver, ['0']);
    device.mood = mood;
    await waitForOn(driver, undefined);
    await expect(driver.write('0', true)).rejects.toThrow('does not answer');
    device.mood = 'fine';
    await waitForOn(driver, ['0']);
  });
});

describe('a Hue bridge', () => {
  const start = async () => {
    const on: Record<string, boolean> = { 1: true, 7: false };
    const device = await serve((request, body, response) => {
      const [, , token, , light] = (request.url ?? '').split('/');
      if (token !== 'secret') {
        response.end('[{"error": {"description": "unauthorized user"}}]');
      } else if (request.method === 'PUT' && light !== undefined && light in on) {
        on[light] = (JSON.parse(body) as { on: boolean }).on;
        response.end('[{"success": {}}]');
      } else {
        const lights = Object.entries(on).map(([id, state]) => [id, { state: { on: state } }]);
        response.end(JSON.stringify(Object.fromEntries(lights)));
      }
    });
    return { device, on };
  };

  test('tells its lights and switches them', async () => {
    const { device } = await start();
    const context = gpioContext('output', { 7: undefined });
    await using driver = createHue({ url: device.url, token: 'secret', ...times }, context);
    await waitForOn(driver, ['1']);
    await driver.write('7', true);
    await waitForOn(driver, ['1', '7']);
    expect(device.requests).toContain('PUT /api/secret/lights/7/state {"on":true}');
    await expect(driver.write('9', true)).rejects.toThrow('The device has no 9');
  });

  test('that refuses the token is offline, although it says 200', async () => {
    const { device } = await start();
    const context = gpioContext('output', { 7: undefined });
    await using driver = createHue({ url: device.url, token: 'no', ...times }, context);
    await expect.poll(() => context.warnings.length).toBe(1);
    expect(driver.levels.value.size).toBe(0);
  });

  test.each(MOODS)('is offline while it is %s, then back', async (mood) => {
    const { device } = await start();
    const context = gpioContext('output', { 7: undefined });
    await using driver = createHue({ url: device.url, token: 'secret', ...times }, context);
    await waitForOn(driver, ['1']);
    device.mood = mood;
    await waitForOn(driver, undefined);
    device.mood = 'fine';
    await waitForOn(driver, ['1']);
  });
});
