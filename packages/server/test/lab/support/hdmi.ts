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
const TIMINGS = { '1920x1080': 16, '1280x800': 43, '1024x768': 31 } as const;
/**
 * Value of the control `dv_timings_signal_mode`: what `dv_timings` says. Modes without a signal are no test:
 * vivid goes on with noise, and Debian's µStreamer 4.9 shows that.
 */
const SELECTED = 4;
/** Value of its control `osd_text_mode`: no counter in the picture. */
const NO_TEXT = 2;

/** Lets the input have a signal of that size, at 60 Hz. */
export async function setTimings(machine: LabMachine, size: keyof typeof TIMINGS): Promise<void> {
  await control(machine, [`dv_timings=${TIMINGS[size]}`, `dv_timings_signal_mode=${SELECTED}`]);
}

/** Lets the input have what the output shows, and nothing of vivid's own on it. */
export async function loop(machine: LabMachine, size: keyof typeof TIMINGS): Promise<void> {
  await setTimings(machine, size);
  const [width, height] = size.split('x');
  const timings = `cvt,width=${width},height=${height},fps=60`;
  await machine.run(['v4l2-ctl', '-d', OUTPUT, `--set-dv-bt-timings=${timings}`]);
  await control(machine, ['loop_video=1', `osd_text_mode=${NO_TEXT}`]);
}

function control(machine: LabMachine, settings: readonly string[]) {
  return machine.run(['v4l2-ctl', '-d', INPUT, ...settings.map((each) => `--set-ctrl=${each}`)]);
}
