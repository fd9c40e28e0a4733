import { ascii, type SwitchProtocol } from './switch-protocol.ts';

/**
 * PWAY switches of 16 ports, 19200 baud.
 *
 *     PS CR                     go to port 1
 *     PS n CR                   go to port n, 1..16
 *     VGA_SWITCH_CONTROL=k      its answer: port k is active, counted from 0
 */
export function pway(): SwitchProtocol {
  const select = (channel: number) => ascii(`PS ${channel + 1}\r`);
  return {
    channels: 16,
    ask: (last) => (last === undefined ? ascii('PS\r') : select(last)),
    askable: false,
    select,
    tells: 'answers',
    status: /VGA_SWITCH_CONTROL=(\d{1,2})/g,
    channelOf: ([, port]) => Number(port),
    maxStatus: 32,
    openEnded: true,
  };
}
