import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FrontRig } from './support/front-rig.ts';

const BASIC = `Basic ${Buffer.from('admin:admin').toString('base64')}`;
const DRIVE = '/redfish/v1/Managers/BMC/VirtualMedia/MSD';
const RESET = '/redfish/v1/Systems/0/Actions/ComputerSystem.Reset';

describe('Redfish', () => {
  let rig: FrontRig;

  beforeAll(async () => {
    rig = await FrontRig.start({ extraMachines: ['lab'] });
    await addImage('debian.iso');
    await addImage('stick.img');
  });

  beforeEach(async () => {
    if (rig.machine.msd.state.value.drive?.connected) await rig.machine.msd.setConnected(false);
    await rig.machine.msd.setParams({ image: '' });
  });

  afterAll(() => rig.close());

  async function addImage(name: string): Promise<void> {
    async function* chunks() {
      yield Buffer.alloc(512);
    }
    await rig.machine.msd.write({ name, size: 512, removeIncomplete: true, chunks: chunks() });
  }

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: BASIC, ...init.headers };
    return fetch(`${rig.url}${path}`, { ...init, headers });
  }

  function post(path: string, body: unknown): Promise<Response> {
    return ask(path, { method: 'POST', body: JSON.stringify(body) });
  }

  const insert = (body: unknown) => post(`${DRIVE}/Actions/VirtualMedia.InsertMedia`, body);

  const drive = () => rig.machine.msd.state.value.drive;

  /** Follows what a resource names, as clients do that know only the root. */
  async function follow(from: string, ...way: readonly string[]): Promise<Record<string, unknown>> {
    let resource = (await (await ask(from)).json()) as Record<string, unknown>;
    for (const step of way) {
      const members = resource.Members as { '@odata.id': string }[] | undefined;
      const link = step === '0' ? members?.[0] : (resource[step] as { '@odata.id': string });
      resource = await follow(link?.['@odata.id'] ?? '');
    }
    return resource;
  }

  test('a client finds system and drive from the root, at the default machine and at another', async () => {
    for (const base of ['', '/m/lab']) {
      const system = await follow(`${base}/redfish/v1`, 'Systems', '0');
      expect(system).toMatchObject({ '@odata.id': `${base}/redfish/v1/Systems/0`, Id: '0' });
      const media = await follow(`${base}/redfish/v1`, 'Managers', '0', 'VirtualMedia', '0');
      expect(media).toMatchObject({ '@odata.id': `${base}${DRIVE}`, Inserted: false });
    }
  });

  test('a port that no Switch has is no system, and none is listed', async () => {
    const list = await (await ask('/redfish/v1/Systems')).json();
    expect(list).toMatchObject({ Members: [{ '@odata.id': '/redfish/v1/Systems/0' }] });
    const port = await ask('/redfish/v1/Systems/SwitchPort0');
    expect(port.status).toBe(400);
    expect(await port.text()).toContain('Non-existent Switch Port ID');
  });

  test('says which OData it is, and has no length where it has no content', async () => {
    const root = await fetch(`${rig.url}/redfish/v1`);
    expect(root.status).toBe(200);
    expect(root.headers.get('odata-version')).toBe('4.0');
    const done = await post(RESET, { ResetType: 'ForceOff' });
    expect(done.status).toBe(204);
    expect(done.headers.has('content-length')).toBe(false);
    const head = await ask('/redfish/v1/Systems/0', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  test('a reset presses the button and does not wait for its end', async () => {
    const presses = rig.atx.presses.length;
    expect((await post(RESET, { ResetType: 'PushPowerButton' })).status).toBe(204);
    expect(rig.atx.presses.slice(presses)).toMatchObject([['power', 100]]);
    const busy = await post(RESET, { ResetType: 'PushPowerButton' });
    expect(busy.status).toBe(409);
  });

  test('an .iso is inserted as CD-ROM, other images as a drive that is written when told', async () => {
    expect((await insert({ Image: 'debian.iso' })).status).toBe(204);
    expect(drive()).toMatchObject({ connected: true, cdrom: true, rw: false });
    expect(await follow(DRIVE)).toMatchObject({ WriteProtected: true, Image: 'debian.iso' });
    expect((await insert({ Image: 'stick.img', WriteProtected: false })).status).toBe(204);
    expect(drive()).toMatchObject({ connected: true, cdrom: false, rw: true });
    expect(await follow(DRIVE)).toMatchObject({ WriteProtected: false, ImageName: 'stick.img' });
  });

  test('a wrong request ejects nothing', async () => {
    await insert({ Image: 'debian.iso' });
    for (const wrong of [
      ...[{ Image: 'nope.iso' }, { Image: 'stick.img', Inserted: 'maybe' }, { Image: '' }],
      ...[{ Image: 'toString' }, [], 'x'],
    ]) {
      expect((await insert(wrong)).status).toBe(400);
      expect(drive()).toMatchObject({ connected: true, image: { name: 'debian.iso' } });
    }
  });

  test('an image may be chosen without being inserted, and ejecting forgets it', async () => {
    expect((await insert({ Image: 'stick.img', Inserted: false })).status).toBe(204);
    expect(drive()).toMatchObject({ connected: false, image: { name: 'stick.img' } });
    await insert({ Image: 'stick.img' });
    const eject = `${DRIVE}/Actions/VirtualMedia.EjectMedia`;
    expect((await ask(eject, { method: 'POST' })).status).toBe(204);
    expect(drive()).toMatchObject({ connected: false, image: null });
    expect((await ask(eject, { method: 'POST' })).status).toBe(400);
  });

  test('an error is PiKVM’s, and DSP0266’s for a client that names its OData version', async () => {
    const kvm = await ask('/redfish/v1/Systems/9');
    expect(await kvm.json()).toEqual({
      ...{ ok: false },
      result: { error: 'HttpError', error_msg: 'Missing or invalid Server ID' },
    });
    const odata = { headers: { 'odata-version': '4.0' } };
    const redfish = await ask('/redfish/v1/Systems/9', odata);
    expect(redfish.status).toBe(400);
    expect(await redfish.json()).toMatchObject({
      error: {
        code: 'Base.1.8.GeneralError',
        '@Message.ExtendedInfo': [{ Message: 'Missing or invalid Server ID' }],
      },
    });
    const stranger = await fetch(`${rig.url}/redfish/v1/Systems`, odata);
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get('www-authenticate')).toContain('Basic');
  });

  test('takes no body that is too large, no other method and no other site', async () => {
    const large = await ask(RESET, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) });
    expect(large.status).toBe(413);
    const method = await ask(RESET, { method: 'DELETE' });
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
    const origin = { origin: 'https://evil.example' };
    const other = await ask(RESET, { method: 'POST', body: '{}', headers: origin });
    expect(other.status).toBe(403);
  });
});

describe('the metrics', () => {
  const PATH = '/api/export/prometheus/metrics';

  test('need a login unless the configuration says otherwise', async () => {
    for (const [publicMetrics, status] of [
      [false, 401],
      [true, 200],
    ] as const) {
      const rig = await FrontRig.start({ http: { publicMetrics } });
      expect((await fetch(`${rig.url}${PATH}`)).status).toBe(status);
      const headers = { cookie: 'auth_token=0' };
      const stale = await fetch(`${rig.url}${PATH}`, { headers });
      expect(stale.status).toBe(publicMetrics ? 200 : 400);
      expect((await fetch(`${rig.url}/api/atx`)).status).toBe(401);
      await rig.close();
    }
  });

  test('tell the state of now, of each machine', async () => {
    const rig = await FrontRig.start({ extraMachines: ['lab'], http: { publicMetrics: true } });
    const text = async (base: string) => (await fetch(`${rig.url}${base}${PATH}`)).text();
    expect(await text('')).toContain('\npikvm_atx_power 0\n');
    rig.atx.leds.patch({ power: true });
    expect(await text('')).toContain('\npikvm_atx_power 1\n');
    expect(await text('/m/lab')).toContain('\npikvm_atx_power 0\n');
    expect(await text('/m/lab')).toContain('\ncrashcart_msd_online{machine="lab"} 1\n');
    await rig.close();
  });
});
