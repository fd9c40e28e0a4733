import { z } from 'zod';
import type { GpioDriverOptions, GpioDriverType } from '../drivers/registry.ts';
import { GPIO_LINE, gpioChip, isGpioLine } from './gpio-types.ts';
import * as type from './types.ts';

/** Which pins a driver has, as texts, and which way they go. */
export interface GpioPins {
  readonly modes: readonly ('input' | 'output')[];
  /** Whether a channel of this mode may use the pin. */
  allows(pin: string, mode: 'input' | 'output'): boolean;
  /** What is allowed, for errors. */
  readonly text: string;
}

const BOTH = ['input', 'output'] as const;
const OUTPUT = ['output'] as const;

function numbers(modes: GpioPins['modes'], max = Number.MAX_SAFE_INTEGER): GpioPins {
  const text = max === Number.MAX_SAFE_INTEGER ? 'a number from 0 up' : `a number from 0 to ${max}`;
  return { modes, text, allows: (pin) => /^(0|[1-9]\d{0,8})$/.test(pin) && Number(pin) <= max };
}

function anything(modes: GpioPins['modes']): GpioPins {
  return { modes, text: 'a text', allows: (pin) => pin !== '' };
}

function power(...actions: readonly string[]): GpioPins {
  const outputs = actions.flatMap((action, index) => [String(index + 1), action]);
  return {
    modes: BOTH,
    text: `0 or status for an input, one of ${outputs.join(', ')} for an output`,
    allows: (pin, mode) => (mode === 'input' ? ['0', 'status'] : outputs).includes(pin),
  };
}

const FUNCTIONS: GpioPins = {
  modes: BOTH,
  text: 'udc or the name of a gadget function such as hid.usb0',
  allows: (pin) => /^(udc|[a-z]\w*\.[\w-]+)$/.test(pin),
};

const MAX = Number.MAX_SAFE_INTEGER;
const seconds = (fallback: number) => type.atLeast(0.1).default(fallback);
const ns = (fallback: number) => type.integer(0, MAX).default(fallback);
const angle = (fallback: number) => type.integer(-360, 360).default(fallback);
const filled = () => type.text(512).min(1, 'must not be empty');
const url = () => z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const chip = { device: type.path().default('/dev/gpiochip0') };
const pwm = { chip: type.integer(0, 65_535).default(0), period: ns(20_000_000) };
const protocol = z.preprocess(type.readNumber, z.literal([1, 2], 'must be 1 or 2')).default(1);
const serial = (fallback: type.Baud) => ({
  ...{ device: type.path(), speed: type.baud(fallback), read_timeout: seconds(2), protocol },
});
const account = { user: type.text().default(''), passwd: type.text().default('') };
const MAC = /^[\da-f]{2}([:-]?)[\da-f]{2}(\1[\da-f]{2}){4}$/i;

const IPMITOOL = [
  ...['/usr/bin/ipmitool', '-I', 'lanplus', '-C', '{cipher}', '-U', '{user}', '-E'],
  ...['-H', '{host}', '-p', '{port}', 'power', '{action}'],
] as [string, ...string[]];
const MESHCMD = [
  ...['/usr/bin/meshcmd', 'amtpower', '{action_opt}', '--host', '{host}', '--user', '{user}'],
  ...['--pass', '{passwd}', '{tls_opt}'],
] as [string, ...string[]];

/** A section for each type of driver, PiKVM's keys and defaults; and its pins. */
export const GPIO_OPTIONS = {
  gpio: type.section({ type: z.literal('gpio'), ...gpioChip() }),
  locator: type.section({ type: z.literal('locator'), ...chip }),
  pwm: type.section({
    ...{ type: z.literal('pwm'), ...pwm },
    ...{ duty_cycle_push: ns(1_500_000), duty_cycle_release: ns(1_000_000) },
  }),
  servo: type
    .section({
      ...{ type: z.literal('servo'), ...pwm },
      ...{ duty_cycle_min: ns(1_000_000), duty_cycle_max: ns(2_000_000) },
      ...{ angle_min: angle(0), angle_max: angle(180) },
      ...{ angle_push: angle(100), angle_release: angle(120) },
    })
    .refine((servo) => servo.angle_min < servo.angle_max, {
      path: ['angle_max'],
      error: 'angle_max must be more than angle_min',
    }),
  cmd: type.section({ type: z.literal('cmd'), cmd: type.command() }),
  cmdret: type.section({
    ...{ type: z.literal('cmdret'), cmd: type.command() },
    ...{ state_poll: seconds(5), timeout: seconds(10) },
  }),
  wol: type.section({
    type: z.literal('wol'),
    ip: z.ipv4('must be an IPv4 address').default('255.255.255.255'),
    port: type.port().default(9),
    mac: z.string('must be a MAC address').regex(MAC, 'must be a MAC address'),
  }),
  otgconf: type.section({
    ...{ type: z.literal('otgconf'), init_delay: seconds(3) },
    udc: type
      .text(255)
      .regex(/^[\w.:-]*$/, 'must be the name of a controller')
      .default(''),
  }),
  noop: type.section({ type: z.literal('noop') }),
  ipmi: type.section({
    ...{ type: z.literal('ipmi'), host: filled(), port: type.port().default(623), ...account },
    cipher: type.integer(0, 19).default(17),
    passwd_env: filled().default('IPMI_PASSWORD'),
    ...{ cmd: type.command().default(IPMITOOL), state_poll: seconds(1) },
  }),
  amt: type.section({
    ...{ type: z.literal('amt'), host: filled(), ...account, tls: type.bool(true) },
    passwd_env: filled().default('AMT_PASSWORD'),
    ...{ cmd: type.command().default(MESHCMD), state_poll: seconds(1) },
  }),
  hue: type.section({
    ...{ type: z.literal('hue'), url: url(), verify: type.bool(true), token: filled() },
    ...{ state_poll: seconds(5), timeout: seconds(5) },
  }),
  anelpwr: type.section({
    ...{ type: z.literal('anelpwr'), url: url(), verify: type.bool(true), ...account },
    ...{ state_poll: seconds(5), timeout: seconds(5) },
  }),
  tesmart: type
    .section({
      ...{ type: z.literal('tesmart'), host: type.text().default('') },
      ...{ port: type.port().default(5000), device: type.optionalPath().default('') },
      ...{ speed: type.baud(9600), timeout: seconds(5) },
      ...{ switch_delay: type.atLeast(0).default(1), state_poll: seconds(10) },
    })
    .refine(({ host, device }) => host !== '' || device !== '', {
      path: ['host'],
      error: 'host or device must be there',
    }),
  ezcoo: type.section({ type: z.literal('ezcoo'), ...serial(115_200) }),
  xh_hk4401: type.section({ type: z.literal('xh_hk4401'), ...serial(19_200) }),
  extron: type.section({ type: z.literal('extron'), ...serial(9600) }),
  pway: type.section({ type: z.literal('pway'), ...serial(19_200) }),
  hidrelay: type.section({
    ...{ type: z.literal('hidrelay'), device: type.path(), state_poll: seconds(5) },
  }),
  noyito: type.section({ type: z.literal('noyito'), device: type.path() }),
} as const satisfies {
  readonly [T in GpioDriverType]: z.ZodType<{ type: T } & GpioDriverOptions[T]>;
};

/** The pins of each type. */
export const GPIO_PINS: Readonly<Record<GpioDriverType, GpioPins>> = {
  gpio: { modes: BOTH, text: GPIO_LINE, allows: isGpioLine },
  locator: numbers(OUTPUT),
  pwm: numbers(OUTPUT),
  servo: numbers(OUTPUT),
  cmd: anything(OUTPUT),
  cmdret: anything(['input']),
  wol: anything(BOTH),
  otgconf: FUNCTIONS,
  noop: anything(BOTH),
  ipmi: power('on', 'off', 'cycle', 'reset', 'diag', 'soft'),
  amt: power('poweron', 'poweroff', 'powercycle', 'reset', 'sleep', 'hibernate'),
  hue: anything(BOTH),
  anelpwr: numbers(BOTH, 7),
  tesmart: numbers(BOTH, 15),
  ezcoo: numbers(BOTH, 3),
  xh_hk4401: numbers(BOTH, 3),
  extron: numbers(BOTH, 3),
  pway: numbers(BOTH, 15),
  hidrelay: numbers(OUTPUT, 7),
  noyito: numbers(OUTPUT, 7),
};
