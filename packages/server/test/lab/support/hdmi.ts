import type { LabMachine } from './lab-machine.ts';

/** An HDMI input and an HDMI output (Linux Documentation/admin-guide/media/vivid.rst), to be loaded. */
export const VIVID = [
  ...['vivid', 'n_devs=1', 'node_types=0x101', 'num_inputs=1', 'input_types=0x3'],
  ...['num_outputs=1', 'output_types=0x1'],
] as const;
/** The input's device, and the output's. */
export const INPUT = '/dev/video0';
export const OUTPUT = '/dev/video1';
/** Entries of its control `dv_timings`. */
const TIMINGS = { '1920x1080': 16, '1024x768': 31 } as const;
/** Values of the control `dv_timings_signal_mode`: what was set, what `dv_timings` says, and why there is none. */
const CURRENT = 0;
const SELECTED = 4;
const LOSSES = { absent: 1, unlocked: 2, 'out-of-range': 3 } as const;
/** Why an input can be without a signal. */
export type SignalLoss = keyof typeof LOSSES;
/** Value of its control `osd_text_mode`: no counter in the picture. */
const NO_TEXT = 2;

/** Lets the input have a signal of that size, at 60 Hz. */
export async function setTimings(machine: LabMachine, size: keyof typeof TIMINGS): Promise<void> {
  await control(machine, [`dv_timings=${TIMINGS[size]}`, `dv_timings_signal_mode=${SELECTED}`]);
}

/** Takes the signal from the input, which gives no pictures then, as a chip does. vivid alone would go on with noise. */
export async function loseSignal(machine: LabMachine, why: SignalLoss): Promise<void> {
  await control(machine, [
    ...['percentage_of_dropped_buffers=100', `dv_timings_signal_mode=${LOSSES[why]}`],
  ]);
}

/** Gives it back. */
export async function regainSignal(machine: LabMachine): Promise<void> {
  await control(machine, ['percentage_of_dropped_buffers=0', `dv_timings_signal_mode=${SELECTED}`]);
}

/** How often an input that sees the output has a picture, 1/s: as seldom as vivid can. */
const LOOP_FPS = 25;

/** Lets the input have what the output shows, and nothing of vivid's own on it. */
export async function loop(machine: LabMachine, width: number, height: number): Promise<void> {
  const timings = `cvt,width=${width},height=${height},fps=${LOOP_FPS}`;
  for (const device of [INPUT, OUTPUT]) {
    await machine.run(['v4l2-ctl', '-d', device, `--set-dv-bt-timings=${timings}`]);
  }
  await control(machine, [
    ...[`dv_timings_signal_mode=${CURRENT}`, 'loop_video=1', `osd_text_mode=${NO_TEXT}`],
  ]);
}

function control(machine: LabMachine, settings: readonly string[]) {
  return machine.run(['v4l2-ctl', '-d', INPUT, ...settings.map((each) => `--set-ctrl=${each}`)]);
}
