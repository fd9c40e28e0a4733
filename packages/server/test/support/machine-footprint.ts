import { isDeepStrictEqual } from 'node:util';
import type { FakeGpioDriver } from '../fakes/fake-gpio-driver.ts';
import type { HidCall } from '../fakes/null-hid-driver.ts';
import type { FrontRig } from './front-rig.ts';

/** What a request may have changed, by part. Values are compared deeply, the same ones are fast. */
type Footprint = Readonly<Record<string, unknown>>;

/**
 * Sees what is done to a machine: what its drivers were told, and what it keeps. What ends by itself
 * (a button that comes up, a pulse, the jiggler, the busy that follows) is left out.
 */
export class MachineFootprint {
  readonly #rig: FrontRig;
  readonly #gpio: FakeGpioDriver;
  #hidCalls = 0;

  constructor(rig: FrontRig, gpio: FakeGpioDriver) {
    this.#rig = rig;
    this.#gpio = gpio;
  }

  take(): Footprint {
    const { machine, atx, hid, images } = this.#rig;
    const { drive, enabled, online } = machine.msd.state.value;
    const { params, snapshot } = machine.streamer.state.value;
    const { jiggler } = machine.hid.state.value;
    const isOfSomebody = ([name]: HidCall) => !(jiggler.active && name.startsWith('move'));
    this.#hidCalls += hid.taken().filter(isOfSomebody).length;
    return {
      hid: machine.hid.state.value,
      hidCalls: this.#hidCalls,
      presses: atx.presses.length,
      msd: { drive, enabled, online },
      images: images.state.value.images,
      medium: { file: this.#rig.msd.file, ...this.#rig.msd.kind },
      relay: this.#gpio.levels.value.get('relay'),
      pulses: this.#gpio.writes.filter(([pin, level]) => pin === 'button' && level).length,
      switch: machine.switch.state.value,
      params,
      snapshot,
    };
  }
}

/** The parts that two footprints differ in. */
export function changedParts(before: Footprint, after: Footprint): readonly string[] {
  return Object.keys(before).filter((part) => !isDeepStrictEqual(before[part], after[part]));
}
