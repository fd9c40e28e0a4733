import { expect, it } from 'vitest';
import {
  asksUnknownEncoder,
  knowsOption,
  optionOf,
  parseEncoders,
  parseFeatures,
  parseOptions,
  parseVersion,
} from './ustreamer-help.ts';

const HELP = `
uStreamer - Lightweight and fast MJPG-HTTP streamer
    -w|--workers <N>  ──────────────────── The number of worker threads
    --device-timeout <sec>  ────────────── Timeout for device querying. See --workers.
                                           * --not-one
    -c|--encoder <type>  ─── Use specified encoder.
                             Available:
                               * CPU  ── Software MJPG encoding (default);
                               * M2M-IMAGE  ─ By the GPU.

    -U|--unix <path>  ─────────── Bind to UNIX domain socket.
`;

it('tells the options of a program', () => {
  const options = parseOptions(HELP);
  expect([...options]).toEqual(['workers', 'device-timeout', 'encoder', 'unix']);
  const program = { version: '4.9', features: {}, options, encoders: new Set<string>() };
  const known = ['workers', 'unix', 'device-t', 'h264-sink'].map((name) =>
    knowsOption(program, name),
  );
  expect(known).toEqual([true, true, true, false]);
  expect(knowsOption({ ...program, options: new Set() }, 'h264-sink')).toBe(true);
});

it('tells the encoders of a program', () => {
  const encoders = parseEncoders(HELP);
  expect([...encoders]).toEqual(['CPU', 'M2M-IMAGE']);
  const program = { version: '6.62', features: {}, options: new Set<string>(), encoders };
  const asked = ['--encoder=m2m-image', '--encoder=hw', '--encoder', '--workers=3'];
  expect(asked.map((each) => asksUnknownEncoder(program, each))).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(asksUnknownEncoder({ ...program, encoders: parseEncoders('') }, '--encoder=hw')).toBe(
    false,
  );
});

it('tells version and features', () => {
  expect(parseVersion('6.62\n')).toBe('6.62');
  expect(parseVersion('true (GNU coreutils) 9.1\n')).toBe('');
  expect(parseFeatures('- WITH_OMX\n+ HAS_PDEATHSIG\nnoise\n')).toEqual({
    WITH_OMX: false,
    HAS_PDEATHSIG: true,
  });
});

it('finds the option in an argument', () => {
  expect(['--unix={unix}', '--persistent', '-r', 'x', '--'].map(optionOf)).toEqual([
    'unix',
    'persistent',
    ...[undefined, undefined, undefined],
  ]);
});
