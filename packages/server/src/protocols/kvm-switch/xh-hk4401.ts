import { ascii, type SwitchProtocol } from './switch-protocol.ts';

/** Protocol 1 tells its port about every 2 s, ms. */
const HEARTBEAT_MS = 2000;

/**
 * XH-HK4401 switches of four ports, 19200 baud; n is 1..4.
 *
 *     protocol 1                        protocol 2
 *     SWn CR LF AG0ngA                  G0ngA 00      select port n
 *     AG0ngA, about every 2 s           G0ngA 00      port n is active
 *
 * Protocol 2 says nothing by itself, and not always something after a selection.
 */
export function xhHk4401(protocol: 1 | 2): SwitchProtocol {
  return {
    channels: 4,
    ask: () => undefined,
    askable: false,
    select: (channel) => {
      const token = `G0${channel + 1}gA`;
      return ascii(protocol === 1 ? `SW${channel + 1}\r\nA${token}` : `${token}\0`);
    },
    tells: protocol === 1 ? { everyMs: HEARTBEAT_MS } : 'nothing',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: protocol 2 ends its frames with 00
    status: protocol === 1 ? /AG0([1-4])gA/g : /G0([1-4])gA\x00/g,
    channelOf: ([, port]) => Number(port) - 1,
    maxStatus: 12,
  };
}
