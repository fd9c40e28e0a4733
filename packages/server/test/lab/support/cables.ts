import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../../../src/core/video-source.ts';
import type { GpioSim, LineWatch } from './gpio-sim.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';
import type { ManagedMachine } from './managed-machine.ts';
import { blankUyvy, uyvyOf } from './uyvy.ts';

const FEED = fileURLToPath(new URL('../guest/screen-feed.mjs', import.meta.url));
/** How often the managed computer's screen is looked at, 1/s: what an emulated board can take. */
const FPS = 5;
/** A press of the power switch that is longer than this switches off, ms. */
const HOLD_MS = 1000;

/** The HDMI cable: what a managed computer shows goes to the board's HDMI output, which its input sees. */
export class ScreenCable implements AsyncDisposable {
  readonly #feed: GuestProcess;
  readonly #socket: Socket;
  readonly #screen: { readonly width: number; readonly height: number };
  readonly #managed: ManagedMachine;
  /** The last frame waits here while one is on its way. */
  #next: Frame | undefined;
  #isSending = false;

  private constructor(
    feed: GuestProcess,
    socket: Socket,
    managed: ManagedMachine,
    screen: { readonly width: number; readonly height: number },
  ) {
    this.#feed = feed;
    this.#socket = socket;
    this.#managed = managed;
    this.#screen = screen;
  }

  /** Connects them; `port` is one of the board's that is reached from here. */
  static async plug(
    board: LabMachine,
    managed: ManagedMachine,
    to: { port: number; device: string; width: number; height: number },
  ): Promise<ScreenCable> {
    const { port, device, width, height } = to;
    const argv = [process.execPath, FEED, port, width, height, device].map(String);
    const feed = board.spawn(argv);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      feed.onOutput((piece) => {
        said += piece;
        if (said.includes('listening')) resolve();
      });
      feed.ended.then(
        ({ code }) => reject(new Error(`The output ended with ${code}: ${said}`)),
        reject,
      );
    });
    const socket = connect(board.port(port), '127.0.0.1');
    await once(socket, 'connect');
    const cable = new ScreenCable(feed, socket, managed, { width, height });
    const video = managed.viewer.watch(FPS);
    video.onFrame = (frame) => {
      cable.#next = frame;
      void cable.#send();
    };
    managed.isOn.subscribe((isOn) => {
      if (!isOn) cable.#blank();
    });
    return cable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#feed[Symbol.asyncDispose]();
  }

  /** The newest only: an emulated board may take longer than a frame lasts. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#next) {
        const frame = this.#next;
        this.#next = undefined;
        if (!this.#managed.isOn.value) continue;
        if (!this.#socket.write(uyvyOf(frame, this.#screen))) await once(this.#socket, 'drain');
      }
    } finally {
      this.#isSending = false;
    }
  }

  /** A computer that is off drives no screen. */
  #blank(): void {
    this.#next = undefined;
    this.#socket.write(blankUyvy(this.#screen));
  }
}

/** Lines of the board that lead to the front panel. */
export interface FrontLines {
  readonly power: number;
  readonly reset: number;
  readonly powerLed: number;
}

/** The wires between the board's lines and the front panel of a managed computer. */
export class FrontCable implements AsyncDisposable {
  readonly #watches: readonly LineWatch[];

  private constructor(watches: readonly LineWatch[]) {
    this.#watches = watches;
  }

  /** Connects them. */
  static async plug(
    chip: GpioSim,
    managed: ManagedMachine,
    lines: FrontLines,
  ): Promise<FrontCable> {
    const power = await chip.watch(lines.power);
    const reset = await chip.watch(lines.reset);
    power.onPulse((lengthMs) => {
      void (lengthMs > HOLD_MS ? managed.holdPower() : managed.pressPower());
    });
    reset.onPulse(() => void managed.pressReset());
    managed.isOn.subscribe((isOn) => void chip.pull(lines.powerLed, isOn));
    return new FrontCable([power, reset]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) await watch[Symbol.asyncDispose]();
  }
}
