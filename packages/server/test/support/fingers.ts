import type { CDPSession, Page } from 'playwright-core';

/** A point of the page in CSS px. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Fingers on a page of Chromium, told as its touch screen would. */
export class Fingers {
  readonly #session: CDPSession;

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  static async on(page: Page): Promise<Fingers> {
    return new Fingers(await page.context().newCDPSession(page));
  }

  /** Fingers come down here, all of them. */
  async down(...spots: readonly Spot[]): Promise<void> {
    await this.#tell('touchStart', spots);
  }

  /** They go there in steps. */
  async move(from: readonly Spot[], to: readonly Spot[], steps = 8): Promise<void> {
    for (let step = 1; step <= steps; step += 1) {
      const spots = from.map(({ x, y }, index) => ({
        x: x + (((to[index]?.x ?? x) - x) * step) / steps,
        y: y + (((to[index]?.y ?? y) - y) * step) / steps,
      }));
      await this.#tell('touchMove', spots);
    }
  }

  async up(): Promise<void> {
    await this.#tell('touchEnd', []);
  }

  async tap(...spots: readonly Spot[]): Promise<void> {
    await this.down(...spots);
    await this.up();
  }

  async swipe(from: readonly Spot[], to: readonly Spot[]): Promise<void> {
    await this.down(...from);
    await this.move(from, to);
    await this.up();
  }

  async #tell(type: 'touchStart' | 'touchMove' | 'touchEnd', spots: readonly Spot[]) {
    const touchPoints = spots.map(({ x, y }, id) => ({ x, y, id }));
    await this.#session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}
