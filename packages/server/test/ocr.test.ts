import { createClient } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawNoSignal } from '../src/video/no-signal.ts';
import { FakeVideoSource } from './fakes/fake-video-source.ts';
import { FrontRig } from './support/front-rig.ts';

/** Light letters on dark, as on a console. */
const SENTENCE = 'THE MACHINE IS SWITCHED OFF';

describe('text recognition by the installed tesseract', () => {
  const source = new FakeVideoSource();
  let rig: FrontRig;
  let cookie = '';

  beforeAll(async () => {
    rig = await FrontRig.start({ source });
    cookie = await rig.login();
    const release = rig.machine.streamer.acquire();
    source.feed?.push(drawNoSignal(SENTENCE));
    return release;
  });

  afterAll(() => rig.close());

  async function read(query: string): Promise<Response> {
    return fetch(`${rig.url}/api/streamer/snapshot?${query}`, { headers: { cookie } });
  }

  test('reads what is on the screen, with the headers of the snapshot', async () => {
    const answer = await read('ocr=1');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('x-ustreamer-online')).toBe('true');
    expect(await answer.text()).toContain(SENTENCE);
  });

  test('reads only the region that is asked for', async () => {
    const { height } = drawNoSignal(SENTENCE);
    const top = Math.floor(height / 4);
    const above = await read(`ocr=1&ocr_bottom=${top}`);
    expect(above.status).toBe(200);
    expect(await above.text()).not.toContain('MACHINE');
    const below = await read(`ocr=1&ocr_langs=eng&ocr_left=-1&ocr_top=${top}`);
    expect(await below.text()).toContain(SENTENCE);
  });

  test('refuses a region without anything in it, and a language that is not installed', async () => {
    const empty = await read('ocr=1&ocr_left=50&ocr_right=50');
    expect(empty.status).toBe(400);
    expect(await empty.json()).toMatchObject({ result: { error: 'ValidatorError' } });
    const unknown = await read('ocr=1&ocr_langs=eng,--help');
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({
      result: { error_msg: "Failed sub-validator on one of the item of ['eng', '--help']" },
    });
  });

  test('lists the installed languages, and the typed client has the text', async () => {
    const client = createClient({
      ...{ baseUrl: rig.url, credentials: { user: 'admin', passwd: 'admin' } },
    });
    const { ocr } = await client.call('streamerOcr');
    expect(ocr).toMatchObject({ enabled: true, langs: { default: ['eng'] } });
    expect(ocr.langs.available).toContain('eng');
    const bytes = await client.call('streamerSnapshot', { ocr: true, ocr_langs: ['eng'] });
    expect(new TextDecoder().decode(bytes)).toContain(SENTENCE);
  });
});
