import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { SerialLine, startTestMachine, type TestMachine, testGuest } from './support/guest.ts';

const limit = () => AbortSignal.timeout(20_000);
const none = new AbortController().signal;

describe('a Linux guest of a QEMU machine', () => {
  let test: TestMachine;
  let serial: SerialLine;

  beforeAll(async () => {
    test = await startTestMachine({ linux: testGuest() });
    await until(test.machine.client, (client) => client !== undefined, limit());
    serial = new SerialLine(test.machine.serialSocketPath);
    // What is sent before the shell asks is lost.
    await serial.waitFor(/guest# /, 60_000);
    serial.send('events');
    await serial.waitFor(/watching all/);
  });

  afterAll(async () => {
    serial?.close();
    await test?.[Symbol.asyncDispose]();
  });

  /** Lines of events since `from`, as `device type code value`. */
  const events = (from: number) =>
    [...serial.text.slice(from).matchAll(/EV (\w+) \d+ \d+ \d+ \d+ (\d+ \d+ -?\d+)/g)].map(
      ([, device, event]) => `${device} ${event}`,
    );

  it('gets a hundred keys, none lost', async () => {
    const from = serial.text.length;
    for (let i = 0; i < 100; i++) {
      test.machine.hid.key(i % 2 ? 'KeyA' : 'KeyB', true);
      test.machine.hid.key(i % 2 ? 'KeyA' : 'KeyB', false);
    }
    const keys = () => events(from).filter((each) => /^keyboard 1 (30|48) [01]$/.test(each));
    await serial.waitFor(() => keys().length >= 200, 15_000);
    expect(keys()).toHaveLength(200);
  });

  it('gets the pointer, its buttons, steps and the wheel', async () => {
    const from = serial.text.length;
    const { hid } = test.machine;
    hid.move(-32768, -32768);
    hid.button('left', true);
    hid.button('left', false);
    hid.move(32767, 32767);
    hid.wheel(0, 1);
    await hid.drained(0, limit());
    await hid.setMouseOutput('usb_rel');
    hid.moveBy(5, -3);
    const wanted = ['tablet 3 0 32767', 'tablet 3 1 32767', 'mouse 2 0 5', 'mouse 2 1 -3'];
    const wheels = () => events(from).filter((each) => / 2 8 1$/.test(each));
    const came = () => wanted.every((each) => events(from).includes(each)) && wheels().length > 0;
    await serial.waitFor(came, 5000);
    const seen = events(from);
    expect(seen.filter((each) => / 1 272 [01]$/.test(each))).toHaveLength(2);
    expect(wheels()).toHaveLength(1);
    await hid.setMouseOutput('usb');
  });

  it('is told once what QEMU cannot deliver', () => {
    test.machine.hid.key('F13', true);
    test.machine.hid.key('F13', false);
    expect(test.log.messages.filter((each) => each.includes('F13'))).toHaveLength(1);
  });

  it('loses its input devices and gets them back', async () => {
    const { hid } = test.machine;
    await hid.setConnected(false);
    expect(hid.state.value).toMatchObject({ connected: false, online: false });
    await hid.setConnected(true);
    expect(hid.state.value).toMatchObject({ connected: true, online: true });
  });

  it('switches itself off on a short press, on again, and off hard', async () => {
    const { atx } = test.machine;
    await atx.press('power', atx.clickMs, none);
    await until(atx.leds, (leds) => !leds.power, limit());
    await atx.press('power', atx.clickMs, none);
    await until(atx.leds, (leds) => leds.power, limit());
    await atx.press('power', atx.longClickMs, none);
    expect(atx.leds.value.power).toBe(false);
  });
});
