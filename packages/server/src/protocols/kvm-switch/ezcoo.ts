import { ascii, type SwitchProtocol } from './switch-protocol.ts';

/** Acknowledgements of a switch of port 1..4, by the two digits in them. */
const ACKNOWLEDGED: Readonly<Record<string, number>> = { '0C': 0, '18': 1, '5E': 2, '08': 3 };

/**
 * Ezcoo switches of four ports, 115200 baud. `protocol` 2 is that of newer firmware.
 *
 *     GET OUT1 VS      EZG OUT1 VS          LF    which port?
 *     SET OUT1 VS INn  EZS OUT1 VS INn      LF    select port n, 1..4
 *     OUT1 VS n | V0CS V18S V5ES V08S             port n is active; any other VxxS: an unknown one
 *
 * Each command is sent twice: the devices drop some.
 */
export function ezcoo(protocol: 1 | 2): SwitchProtocol {
  const [get, set] = protocol === 1 ? ['GET', 'SET'] : ['EZG', 'EZS'];
  const twice = (command: string) => ascii(`${command}\n${command}\n`);
  return {
    channels: 4,
    ask: () => twice(`${get} OUT1 VS`),
    askable: true,
    select: (channel) => twice(`${set} OUT1 VS IN${channel + 1}`),
    tells: 'answers',
    status: /OUT1 VS ([1-4])|V([\dA-F]{2})S/g,
    channelOf: ([, port, code]) => (port ? Number(port) - 1 : ACKNOWLEDGED[code ?? '']),
    maxStatus: 16,
  };
}
