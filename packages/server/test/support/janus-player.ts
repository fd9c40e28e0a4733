import type { Page } from 'playwright-core';
import { watchJanus } from './webrtc-page.ts';

const TRIES = 3;

/**
 * Watches by Janus's API until the connection is there; gives what `watchJanus` gives. One that is hung
 * up at once is asked for again, as PiKVM's page does: the browser knows us before we know its answer,
 * and libdatachannel 0.24.5 refuses a certificate that comes before it has stored the answer, which a
 * busy machine may delay.
 */
export async function playJanus(
  page: Page,
  options: Parameters<typeof watchJanus>[0],
): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    const given = await page.evaluate(watchJanus, options);
    const verb = await page.waitForFunction(outcome);
    if ((await verb.jsonValue()) === 'webrtcup') return given;
    if (tries === TRIES) throw new Error(`Hung up ${TRIES} times`);
  }
}

/** Runs in the page: how it went; undefined before that. */
function outcome(): unknown {
  const { heard = [] } = window as { heard?: readonly { readonly janus?: unknown }[] };
  return heard.find(({ janus }) => janus === 'webrtcup' || janus === 'hangup')?.janus;
}
