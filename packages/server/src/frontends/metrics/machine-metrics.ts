import type { AtxState, HidState, MsdState, StreamerState } from '@crashcart/api';
import type { MetricFamily, Sample } from './exposition.ts';

/** The states of a machine that PiKVM has no metrics of. */
export interface MachineStates {
  readonly id: string;
  readonly hid: HidState;
  readonly atx: AtxState;
  readonly msd: MsdState;
  readonly streamer: StreamerState;
  /** Open event sockets that watch the stream. */
  readonly clients: number;
}

/** Our own metrics of a machine, whose id is a label: several targets can be told apart. */
export function machineMetrics(states: MachineStates): readonly MetricFamily[] {
  const { id, hid, atx, msd, streamer, clients } = states;
  const machine = { machine: id };
  const one = (name: string, help: string, value: number | boolean): MetricFamily => ({
    ...{ name: `crashcart_${name}`, help, type: 'gauge' },
    samples: [{ labels: machine, value }],
  });
  const parts = (value: (part: { size: number; free: number }) => number): readonly Sample[] =>
    Object.entries(msd.storage?.parts ?? {}).map(([part, sizes]) => ({
      labels: { ...machine, part },
      value: value(sizes),
    }));
  const running = streamer.streamer;
  return [
    one('clients', 'Open pages and programs that watch the machine.', clients),
    one('hid_online', 'Whether the machine has keyboard and mouse.', hid.online),
    one('atx_busy', 'Whether a button is being pressed.', atx.busy),
    one('atx_hdd', 'Whether the disk LED is lit.', atx.leds.hdd),
    one('msd_online', 'Whether the machine has the virtual drive.', msd.online),
    one('msd_connected', 'Whether an image is in the drive.', msd.drive?.connected ?? false),
    {
      ...{ name: 'crashcart_msd_storage_size_bytes', type: 'gauge' },
      help: 'Room for images, by part of the storage.',
      samples: parts(({ size }) => size),
    },
    {
      ...{ name: 'crashcart_msd_storage_free_bytes', type: 'gauge' },
      help: 'Free room for images, by part of the storage.',
      samples: parts(({ free }) => free),
    },
    one('streamer_running', 'Whether the video runs.', running !== null),
    one('streamer_online', 'Whether there is a picture.', running?.source.online ?? false),
    one('streamer_fps', 'Frames per second that come.', running?.source.captured_fps ?? 0),
    one('streamer_clients', 'MJPEG clients.', running?.stream.clients ?? 0),
  ];
}
