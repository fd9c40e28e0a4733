import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const UDC = 'fe980000.usb';

/** The tree /sys of a box whose gadget is bound to a USB device controller. */
export class FakeUdc {
  readonly sysDir: string;
  readonly #gadgetDir: string;
  readonly #udcDir: string;

  private constructor(sysDir: string) {
    this.sysDir = sysDir;
    this.#gadgetDir = join(sysDir, 'kernel/config/usb_gadget/kvmd');
    this.#udcDir = join(sysDir, 'class/udc', UDC);
  }

  /** Makes the tree; the host has configured the gadget. */
  static async create(sysDir: string): Promise<FakeUdc> {
    const udc = new FakeUdc(sysDir);
    await mkdir(udc.#gadgetDir, { recursive: true });
    await mkdir(udc.#udcDir, { recursive: true });
    await udc.bind(true);
    await udc.setState('configured');
    return udc;
  }

  /** What the kernel says of the controller: `configured`, `suspended`, `not attached` … */
  async setState(state: string): Promise<void> {
    await writeFile(join(this.#udcDir, 'state'), `${state}\n`);
  }

  /** Binds the gadget to the controller, or unbinds it. */
  async bind(isBound: boolean): Promise<void> {
    await writeFile(join(this.#gadgetDir, 'UDC'), isBound ? `${UDC}\n` : '\n');
  }

  /** Takes the gadget out of configfs. */
  async removeGadget(): Promise<void> {
    await rm(this.#gadgetDir, { recursive: true });
  }
}
