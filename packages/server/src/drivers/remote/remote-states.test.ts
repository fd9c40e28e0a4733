import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServerEvent } from '@crashcart/api';
import { describe, expect, it } from 'vitest';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { RemoteStates } from './remote-states.ts';

const GOLDEN = fileURLToPath(new URL('../../../test/golden/', import.meta.url));

interface Session {
  readonly path: string;
  readonly initial?: readonly ServerEvent[];
  readonly steps?: readonly { readonly expect?: readonly Partial<ServerEvent>[] }[];
}

/** The sockets as PiKVM served them, without anything of ours. */
const SESSIONS = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => readFileSync(`${GOLDEN}${name}`, 'utf8').split('\n'))
  .filter((line) => line !== '')
  .flatMap((line) => {
    const { ws } = JSON.parse(line) as { readonly ws?: Session };
    return ws?.initial && ws.path === '/ws' ? [{ initial: ws.initial, steps: ws.steps ?? [] }] : [];
  });

function noting() {
  const log = recordingLog();
  return { states: new RemoteStates(log), warnings: log.messages };
}

describe('the states of a remote', () => {
  it('are understood in each socket that was recorded of PiKVM', () => {
    expect(SESSIONS.length).toBeGreaterThan(20);
    for (const { initial, steps } of SESSIONS) {
      const { states, warnings } = noting();
      for (const event of initial) states.apply(event);
      expect(states.hid.value.online).toBe(true);
      expect(states.msd.value.online).toBe(true);
      expect(Object.keys(states.gpio.value.state.inputs)).toEqual(['led1', 'led2']);
      expect(states.streamer.value?.limits.desired_fps.max).toBeGreaterThan(0);
      for (const { expect: frames = [] } of steps) {
        for (const frame of frames) if (frame.event) states.apply(frame as ServerEvent);
      }
      expect(warnings).toEqual([]);
    }
  });

  it('keep what a partial event does not name', () => {
    const { states } = noting();
    const [first] = SESSIONS;
    for (const event of first?.initial ?? []) states.apply(event);
    const gpio = states.gpio.value;
    const inputs = { led2: { online: true, state: true } };
    states.apply({ event_type: 'gpio', event: { state: { inputs } } } as unknown as ServerEvent);
    expect(states.gpio.value.model).toEqual(gpio.model);
    expect(states.gpio.value.state).toEqual({
      inputs: { ...gpio.state.inputs, ...inputs },
      outputs: gpio.state.outputs,
    });
    const { parts } = states.msd.value.storage ?? {};
    const storage = { uploading: { name: 'x', size: 2, written: 1 } };
    states.apply({ event_type: 'msd', event: { storage } } as unknown as ServerEvent);
    expect(states.msd.value.storage).toMatchObject({ parts, ...storage });
  });

  it('stay as they are when a remote tells nonsense, which is logged once a part', () => {
    const { states, warnings } = noting();
    const before = states.atx.value;
    for (const event of [{ leds: 7 }, { busy: 'yes' }]) {
      states.apply({ event_type: 'atx', event } as unknown as ServerEvent);
    }
    for (const event of [{ state: 5 }, undefined, null, 7, []]) {
      for (const event_type of ['gpio', 'msd', 'hid_print', 'switch']) {
        states.apply({ event_type, event } as unknown as ServerEvent);
      }
    }
    expect(states.atx.value).toEqual(before);
    expect(warnings.length).toBeLessThanOrEqual(5);
  });

  it('say offline of every part, and keep the scheme of the lines', () => {
    const { states } = noting();
    for (const event of SESSIONS[0]?.initial ?? []) states.apply(event);
    const { model } = states.gpio.value;
    const { outputs } = states.hid.value.mouse;
    states.offline();
    expect(states.hid.value).toMatchObject({ online: false, mouse: { online: false, outputs } });
    expect(states.msd.value).toMatchObject({ enabled: true, online: false, storage: null });
    expect(states.gpio.value.model).toEqual(model);
    const channels = [
      ...Object.values(states.gpio.value.state.inputs),
      ...Object.values(states.gpio.value.state.outputs),
    ];
    expect(channels.some(({ online }) => online)).toBe(false);
    expect(states.switch.value.model.units).toEqual([]);
    expect(states.streamer.value).toBeUndefined();
  });
});
