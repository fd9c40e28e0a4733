import { z } from 'zod';
import { bytes, json, operation, stream, withDefault } from '../contract.ts';
import { boolOr, intOr } from '../params.ts';
import * as valid from '../validators.ts';

export const info = operation({
  method: 'GET',
  path: '/info',
  summary: 'What this box is and how it is: categories by name',
  permission: 'view',
  params: {
    fields: withDefault(
      // The names are checked by the handler: which are allowed depends on `legacy`.
      valid.list((raw) => String(raw).trim().toLowerCase(), { limit: 512 }),
      [],
      z.array(z.string()).readonly(),
      'Categories by comma; none = all',
    ),
    legacy: boolOr(true, 'Give `hw: {health, platform}` as PiKVM before 4 did'),
  },
  answer: json(z.record(z.string(), z.unknown())),
});

export const log = operation({
  method: 'GET',
  path: '/log',
  summary: 'The log of the service, a line a chunk',
  permission: 'system',
  params: {
    seek: intOr(0, { min: 0 }, 'Seconds back; 0 = from the beginning'),
    follow: boolOr(false, 'Go on with new lines as they come'),
  },
  answer: stream('text/plain'),
});

export const metrics = operation({
  method: 'GET',
  path: '/export/prometheus/metrics',
  summary: 'States and health as Prometheus reads them; needs no login where it is configured so',
  permission: 'view',
  answer: bytes('text/plain'),
});
