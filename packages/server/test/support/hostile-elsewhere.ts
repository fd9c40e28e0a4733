import fc from 'fast-check';
import { type HostileRequest, shown } from './hostile-requests.ts';
import { hostileText } from './hostile-values.ts';

const MEDIA = '/redfish/v1/Managers/BMC/VirtualMedia';
const PATHS = [
  ...['/redfish/v1', '/redfish/v1/Systems', '/redfish/v1/Systems/0', '/redfish/v1/Managers/BMC'],
  ...[
    '/redfish/v1/Systems/SwitchPort0',
    '/redfish/v1/Systems/%ff',
    '/redfish/v1/Systems/__proto__',
  ],
  ...['/redfish/v1/Systems/0/Actions/ComputerSystem.Reset', MEDIA, `${MEDIA}/MSD`],
  ...['/redfish/v1/Systems/SwitchPort7/Actions/ComputerSystem.Reset'],
  ...[`${MEDIA}/MSD/Actions/VirtualMedia.InsertMedia`, '/streamer/state', '/streamer/snapshot'],
  ...[`${MEDIA}/MSD/Actions/VirtualMedia.EjectMedia`, '/streamer/stream', '/api/openapi.json'],
];

/** Bodies that an action of Redfish may get: its own, others, and none. */
const body: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({
      ResetType: fc.constantFrom<unknown>('On', 'ForceOff', 'ForceRestart', 'Nmi', 1, null, ['On']),
      Image: fc.constantFrom<unknown>('a.img', 'http://127.0.0.1:1/x.iso', '', 5, null, '../../x'),
      Inserted: fc.constantFrom<unknown>(true, 'yes', null),
      WriteProtected: fc.constantFrom<unknown>(false, 1, {}),
    })
    .map((fields) => JSON.stringify(fields)),
  fc.object({ maxDepth: 3, maxKeys: 4 }).map((value) => JSON.stringify(value) ?? ''),
  fc.constantFrom('', '{', '[]', 'null', '"On"', '['.repeat(50_000), '{"__proto__": {"x": 1}}'),
  hostileText,
);

/** Requests to what is no operation: Redfish, the streams of video, the description of the API. */
export const requestsElsewhere: fc.Arbitrary<HostileRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PATCH', 'HEAD', 'DELETE', 'OPTIONS'),
    path: fc.constantFrom(...PATHS),
    query: hostileText.map((text) => encodeURIComponent(Buffer.from(text).toString())),
    text: body,
    loggedIn: fc.integer({ min: 0, max: 9 }).map((value) => value > 0),
  })
  .map(({ method, path, query, text, loggedIn }) => {
    const request: HostileRequest = {
      ...{ name: 'info', method, loggedIn, chunked: false, oddity: 'elsewhere' },
      target: `${path}?${query}`.slice(0, 8000),
      headers: [['Content-Type', 'application/json']],
      body: method === 'GET' || method === 'HEAD' ? undefined : Buffer.from(text),
    };
    return Object.assign(request, { [fc.toStringMethod]: () => shown(request) });
  });
