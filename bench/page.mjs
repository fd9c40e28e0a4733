// The page in headless Chromium: what login and screen weigh as served, when they can be used on a
// cold cache over loopback, and how long input takes in the page while its picture moves. JSON on
// standard output. The guest fills a screen of 1920x1080 with text for ever.
//   npm run build && node bench/page.mjs [--rounds N] [--seconds N]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { busyMachine, keepBusy, resolutionOf } from './busy-machine.mjs';
import { machine, startServer } from './server.mjs';

const GOALS = { bytes: 150_000, interactiveMs: 1_000, handlerP99Ms: 4 };
const PER_SECOND = 120;
const PASSWD = 'bench';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '10' },
  },
});

const server = await startServer(PASSWD, busyMachine());
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
});
let serial;
try {
  const cold = [];
  for (let round = 0; round < Number(values.rounds); round++) cold.push(await loadCold());
  const still = await measureInput(Number(values.seconds));
  serial = await keepBusy(server.state);
  const busy = await measureInput(Number(values.seconds));
  const of = (name) => cold.map((each) => each[name]).sort((a, b) => a - b);
  const results = {
    weight: cold[0].weight,
    login: spread(of('loginMs')),
    screen: spread(of('screenMs')),
    input: { still, busy },
  };
  const met = {
    bytes: results.weight.bytes < GOALS.bytes,
    interactive: Math.max(results.login.p50Ms, results.screen.p50Ms) < GOALS.interactiveMs,
    handlerStill: still.handler.p99Ms < GOALS.handlerP99Ms,
    handlerBusy: busy.handler.p99Ms < GOALS.handlerP99Ms,
    // Else the machine was too busy for the measurement to say anything.
    rate: Math.min(still.perSecond, busy.perSecond) > 0.95 * PER_SECOND,
  };
  console.log(
    JSON.stringify({ bench: 'page', machine: machine(), results, goals: GOALS, met }, null, 2),
  );
} finally {
  serial?.destroy();
  await browser.close();
  await server.stop();
}
process.exit(0);

/** Login and then the screen in a browser that knows nothing; a new context has an empty cache. */
async function loadCold() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const files = new Map();
  session.on('Network.responseReceived', ({ requestId, response, type }) => {
    if (['Document', 'Script', 'Stylesheet', 'Image'].includes(type)) {
      files.set(requestId, { url: new URL(response.url).pathname, bytes: 0 });
    }
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const file = files.get(requestId);
    if (file) file.bytes = encodedDataLength;
  });
  await page.goto(server.url, { waitUntil: 'commit' });
  const loginMs = await untilTrue(page, hasForm);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill(PASSWD);
  await page.keyboard.press('Enter');
  await untilTrue(page, isUsable);
  // The same with the cookie alone: the page goes straight to the screen.
  await session.send('Network.clearBrowserCache');
  const weight = await settled(files);
  await page.reload({ waitUntil: 'commit' });
  const screenMs = await untilTrue(page, isUsable);
  await context.close();
  return { loginMs, screenMs, weight };
}

/** The form takes a name. */
function hasForm() {
  return document.activeElement?.name === 'user' && performance.now();
}

/** The machine's picture is drawn, the server is reached and the screen takes keys. */
function isUsable() {
  const canvas = document.querySelector('canvas.picture');
  const status = document.querySelector('.status')?.textContent ?? '';
  const isDrawn = canvas?.width > 300 && /^Running/.test(status);
  return isDrawn && document.activeElement?.id === 'screen' && performance.now();
}

/** When the condition came true: its answer is the time in ms since the navigation began. */
async function untilTrue(page, condition) {
  const handle = await page.waitForFunction(condition, undefined, { polling: 'raf' });
  return handle.jsonValue();
}

async function settled(files) {
  await sleep(500);
  const all = [...files.values()];
  const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
  return { bytes, files: all.length, names: all.map(({ url }) => url) };
}

/** 120 events a second: moves, wheel, keys and buttons; each listener of the page is timed. */
async function measureInput(seconds) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(timeListeners);
  await page.goto(server.url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill(PASSWD);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('canvas.picture')?.width === 1920);
  await page.locator('#screen').click();
  const session = await context.newCDPSession(page);
  const drawnBefore = await page.evaluate(() => window.bench.frames());
  await page.evaluate(() => window.bench.restart());
  const began = performance.now();
  const sending = [];
  const count = seconds * PER_SECOND;
  for (let n = 0; n < count; n++) {
    sending.push(session.send(...eventOf(n)));
    const next = began + ((n + 1) * 1000) / PER_SECOND;
    await sleep(Math.max(0, next - performance.now()));
  }
  await Promise.all(sending);
  const tookMs = performance.now() - began;
  const { handlers, keys, sent } = await page.evaluate(() => window.bench.results());
  const drawn = (await page.evaluate(() => window.bench.frames())) - drawnBefore;
  const resolution = await resolutionOf(server.url, {
    authorization: `Basic ${btoa(`admin:${PASSWD}`)}`,
  });
  await context.close();
  return {
    events: count,
    perSecond: Math.round((count * 1000) / tookMs),
    framesSent: sent,
    handler: spread(handlers),
    keyToSocket: spread(keys),
    picture: { resolution, updatesPerSecond: Math.round((drawn * 1000) / tookMs) },
  };
}

function eventOf(n) {
  const [x, y] = [300 + (n % 600), 300 + ((n * 7) % 300)];
  switch (n % 12) {
    case 3:
    case 9: {
      const type = n % 12 === 3 ? 'keyDown' : 'keyUp';
      return [
        'Input.dispatchKeyEvent',
        { type, key: 'a', code: 'KeyA', windowsVirtualKeyCode: 65 },
      ];
    }
    case 5:
      return ['Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY: 120 }];
    case 6:
    case 7: {
      const type = n % 12 === 6 ? 'mousePressed' : 'mouseReleased';
      return ['Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 }];
    }
    default:
      return ['Input.dispatchMouseEvent', { type: 'mouseMoved', x, y }];
  }
}

/** Runs in the page before its own code: times every listener of an input event. */
function timeListeners() {
  const TYPES = /^(pointer(move|down|up)|mouse(down|up)|wheel|key(down|up))$/;
  let [handlers, keys, sent, drawn] = [[], [], 0, 0];
  const perEvent = new WeakMap();
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (!TYPES.test(type) || typeof listener !== 'function') {
      return add.call(this, type, listener, options);
    }
    const timed = function (event) {
      const began = performance.now();
      try {
        return listener.call(this, event);
      } finally {
        const took = performance.now() - began;
        // All listeners of one event count together.
        const entry = perEvent.get(event) ?? { ms: 0 };
        if (!perEvent.has(event)) {
          perEvent.set(event, entry);
          handlers.push(entry);
        }
        entry.ms += took;
        if (type.startsWith('key')) keys.push(performance.now() - event.timeStamp);
      }
    };
    return add.call(this, type, timed, options);
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    sent += 1;
    return send.call(this, data);
  };
  const { drawImage } = CanvasRenderingContext2D.prototype;
  let lastDrawn = 0;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    const now = performance.now();
    // The tiles of one update are drawn at once.
    if (now - lastDrawn > 2) drawn += 1;
    lastDrawn = now;
    return drawImage.apply(this, given);
  };
  window.bench = {
    restart: () => {
      [handlers, keys, sent] = [[], [], 0];
    },
    frames: () => drawn,
    results: () => ({ handlers: handlers.map(({ ms }) => ms), keys, sent }),
  };
}

function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) =>
    Number((sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN).toFixed(2));
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
}
