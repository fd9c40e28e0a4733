import { ascii, type SwitchProtocol } from './switch-protocol.ts';

/**
 * Extron switches (SIS), four inputs, 9600 baud.
 *
 *     n!      LF    select input n, 1..4
 *     Chnn          its answer: input n is active
 */
export function extron(): SwitchProtocol {
  const select = (channel: number) => ascii(`${channel + 1}!\n`);
  return {
    channels: 4,
    ask: (last) => select(last ?? 0),
    askable: false,
    select,
    tells: 'answers',
    status: /Chn(\d)/g,
    channelOf: ([, input]) => Number(input) - 1,
    maxStatus: 8,
  };
}
