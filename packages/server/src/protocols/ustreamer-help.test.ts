import { expect, it } from 'vitest';
import {
  knowsOption,
  optionOf,
  parseFeatures,
  parseOptions,
  parseVersion,
} from './ustreamer-help.ts';

const HELP = `
uStreamer - Lightweight and fast MJPG-HTTP streamer
    -w|--workers <N>  ──────────────────── The number of worker threads
    --device-timeout <sec>  ────────────── Timeout for device querying. See --workers.
                                           * --not-one
    -U|--unix <path>  ─────────── Bind to UNIX domain socket.
`;

it('tells the options of a program', () => {
  const options = parseOptions(HELP);
  expect([...options]).toEqual(['workers', 'device-timeout', 'unix']);
  const program = { version: '4.9', features: {}, options };
  const known = ['workers', 'unix', 'device-t', 'h264-sink'].map((name) =>
    knowsOption(program, name),
  );
  expect(known).toEqual([true, true, true, false]);
  expect(knowsOption({ ...program, options: new Set() }, 'h264-sink')).toBe(true);
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
