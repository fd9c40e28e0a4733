import { type HttpRequest, httpRequest } from '../../platform/http-request.ts';
import { anelCommand, anelOutlets } from '../../protocols/anel.ts';
import {
  checkHueAnswer,
  hueCommand,
  hueLights,
  hueLightsPath,
  hueStatePath,
} from '../../protocols/hue.ts';
import type { GpioContext } from './context.ts';
import { PolledDriver } from './polled-driver.ts';

/** Options of both drivers, named as in the configuration; times in s. */
interface HttpOptions {
  readonly url: string;
  /** Whether the certificate of an https device is checked. */
  readonly verify: boolean;
  readonly state_poll: number;
  readonly timeout: number;
}

export interface AnelOptions extends HttpOptions {
  readonly user: string;
  readonly passwd: string;
}

export interface HueOptions extends HttpOptions {
  readonly token: string;
}

/** The outlets of an ANEL NET-PwrCtrl. */
export function createAnel(options: AnelOptions, context: GpioContext): PolledDriver {
  const { user, passwd } = options;
  const basic = Buffer.from(`${user}:${passwd}`).toString('base64');
  const headers = user === '' ? {} : { authorization: `Basic ${basic}` };
  const ask = asker(options, headers);
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    initial: 'at start',
    async poll(signal) {
      const outlets = anelOutlets(await ask({ method: 'GET', path: '/strg.cfg', signal }));
      if (!outlets) throw new Error('The device did not answer with its outlets');
      return new Map(outlets.map((on, pin) => [String(pin), on]));
    },
    async write(pin, level, signal) {
      const body = anelCommand(Number(pin), level);
      await ask({ method: 'POST', path: '/ctrl.htm', type: 'text/plain', body, signal });
    },
  });
}

/** The lights and plugs of a Philips Hue bridge. */
export function createHue(options: HueOptions, context: GpioContext): PolledDriver {
  const { token } = options;
  const ask = asker(options, {});
  return new PolledDriver(context, {
    pollMs: options.state_poll * 1000,
    initial: 'at start',
    async poll(signal) {
      return hueLights(await ask({ method: 'GET', path: hueLightsPath(token), signal }));
    },
    async write(pin, level, signal) {
      const path = hueStatePath(token, pin);
      const body = hueCommand(level);
      checkHueAnswer(await ask({ method: 'PUT', path, type: 'application/json', body, signal }));
    },
  });
}

interface Question extends Pick<HttpRequest, 'method' | 'body' | 'signal'> {
  readonly path: string;
  readonly type?: string;
}

/** Asks the device; anything but 200 is an error. */
function asker({ url, verify, timeout }: HttpOptions, headers: Readonly<Record<string, string>>) {
  const base = url.replace(/\/+$/, '');
  return async ({ path, type, ...question }: Question): Promise<string> => {
    const { status, text } = await httpRequest({
      ...question,
      url: new URL(base + path),
      headers: {
        'user-agent': 'crashcart',
        ...headers,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...{ verify, timeoutMs: timeout * 1000 },
    });
    if (status !== 200) throw new Error(`The device answered with status ${status}`);
    return text;
  };
}
