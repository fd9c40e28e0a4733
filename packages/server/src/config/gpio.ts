import { z } from 'zod';
import { GPIO_OPTIONS, GPIO_PINS } from './gpio-drivers.ts';
import * as type from './types.ts';

const TYPES = Object.keys(GPIO_OPTIONS) as readonly string[];
/** The driver that is always there. */
export const DEFAULT_DRIVER = '__gpio__';

const name = (letters: string, what: string) => {
  const error = `must be ${what}, beginning with a letter or _, at most 255`;
  return z.string().regex(new RegExp(`^[a-zA-Z_]${letters}{0,254}$`), error);
};

/** Items by name. */
function named<T extends z.ZodType>(names: z.ZodString, item: T) {
  const refuse = (value: unknown, context: z.core.$RefinementCtx) => {
    // A record would lose this key without a word.
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      context.addIssue({ code: 'custom', path: ['__proto__'], message: 'is not a name' });
    }
    return value;
  };
  return z.preprocess(refuse, z.record(names, item)).default({} as never);
}

const text = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string('must be a text').trim().max(255, 'must be at most 255 characters'),
);

const pin = z.preprocess(
  (value) =>
    typeof value === 'string' && /^0x[\da-f]+$/i.test(value.trim()) ? Number(value) : value,
  text,
);

/** Without a type a driver is one for lines of the kernel. */
function withType(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !('type' in value)
    ? { ...value, type: 'gpio' }
    : value;
}

const { gpio: first, ...others } = GPIO_OPTIONS;
const driver = z.preprocess(
  withType,
  z.discriminatedUnion('type', [first, ...Object.values(others)], {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `must be one of: ${TYPES.join(', ')}`
        : 'must be a section with keys of its own',
  }),
);

const common = {
  driver: type.text(255).default(DEFAULT_DRIVER),
  pin,
  inverted: type.bool(false),
};

const pulse = z.preprocess(
  // PiKVM's short form of "no pulses".
  (value) => (value === false || value === 'false' ? { delay: 0 } : value),
  type
    .section({
      delay: type.atLeast(0).default(0.1),
      min_delay: type.atLeast(0.1).default(0.1),
      max_delay: type.atLeast(0.1).default(0.1),
    })
    .refine((limits) => limits.min_delay <= limits.max_delay, {
      path: ['max_delay'],
      error: 'must be at least min_delay',
    }),
);

const input = type.section({
  mode: z.literal('input'),
  ...common,
  debounce: type.atLeast(0).default(0.1),
});

const output = type.section({
  mode: z.literal('output'),
  ...common,
  switch: type.bool(true),
  initial: z.union([z.null(), type.bool(false)], 'must be true, false or null'),
  pulse: pulse.prefault({}),
  busy_delay: type.atLeast(0.1).default(0.2),
});

const channel = z.discriminatedUnion('mode', [input, output], {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? 'must be one of: input, output'
      : 'must be a section with keys of its own',
});

const cells = z.array(text, 'must be a list of texts');

const view = type.section({
  header: type
    .section({ title: z.union([text, cells], 'must be a text or a list').default('GPIO') })
    .prefault({}),
  table: z
    .preprocess(
      (value) => (Array.isArray(value) ? value.map((row: unknown) => row ?? []) : value),
      z.array(cells, 'must be a list of rows'),
    )
    .default([]),
});

/** The section `gpio` of a machine: PiKVM's keys. Times in s. */
export const gpio = type
  .section({
    drivers: named(name('[\\w-]', 'letters, digits, _ and -'), driver),
    scheme: named(name('[\\w.-]', 'letters, digits, _, . and -'), channel),
    view: view.prefault({}),
  })
  .check(({ value, issues }) => {
    for (const [channelName, { driver: driverName, pin: at, mode }] of Object.entries(
      value.scheme,
    )) {
      const fail = (key: string, input: unknown, message: string) =>
        issues.push({ code: 'custom', input, path: ['scheme', channelName, key], message });
      const found = driversOf(value).get(driverName);
      if (!found) {
        fail('driver', driverName, 'there is no such driver');
        continue;
      }
      const pins = GPIO_PINS[found.type];
      if (!pins.modes.includes(mode)) fail('mode', mode, `must be ${pins.modes.join(' or ')}`);
      else if (!pins.allows(at, mode)) fail('pin', at, `must be ${pins.text}`);
    }
  });

/** A complete section. */
export type GpioConfig = z.output<typeof gpio>;
/** One driver of it. */
export type GpioDriverConfig = GpioConfig['drivers'][string];

/** The drivers by name, that which is always there included. */
export function driversOf({
  drivers,
}: Pick<GpioConfig, 'drivers'>): ReadonlyMap<string, GpioDriverConfig> {
  const fallback: GpioDriverConfig = { type: 'gpio', device: '/dev/gpiochip0', backend: 'auto' };
  return new Map([[DEFAULT_DRIVER, fallback], ...Object.entries(drivers)]);
}
