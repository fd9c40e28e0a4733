import { expect, it } from 'vitest';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { CaptureTrouble } from './capture-trouble.ts';

function rig() {
  const log = recordingLog();
  const trouble = new CaptureTrouble(log);
  trouble.answered();
  const reason = () => {
    const { value } = trouble.signal;
    return value.online ? '' : value.reason;
  };
  return { log, trouble, reason };
}

it.each([
  ["Can't access device: No such file or directory", /is it plugged in/],
  ["Can't access device: Permission denied", /add the user of the server to the group video/],
  ["Can't set input channel: Device or resource busy", /it is used by another program/],
])('tells what to do about %s, and logs it once', (complaint, remedy) => {
  const { log, trouble, reason } = rig();
  for (let time = 0; time < 3; time += 1) {
    trouble.complained(`${complaint}.`);
    trouble.sees(undefined);
  }
  expect(reason()).toMatch(remedy);
  expect(reason()).toContain(complaint);
  expect(log.messages).toEqual([expect.stringMatching(remedy)]);
  trouble.pictured({ width: 640, height: 480 });
  expect(log.messages[1]).toBe('info The capture device is there again');
  trouble.complained(complaint);
  trouble.sees(undefined);
  expect(log.messages).toHaveLength(3);
});

it('leaves other complaints as they are, and out of the log', () => {
  const { log, trouble, reason } = rig();
  trouble.complained('Device select() timeout');
  trouble.sees(undefined);
  expect(reason()).toBe('No signal from the capture device: Device select() timeout.');
  expect(log.messages).toEqual([]);
});
