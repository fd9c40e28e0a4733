import {
  ApiError,
  type ArgumentsOf,
  buttonFrame,
  type HidKeymapCharacters,
  type HidPrintState,
  type HidState,
  type KeyName,
  KvmError,
  keyFrame,
  type MouseButton,
  moveFrame,
  type Operations,
  relativeFrame,
  wheelFrame,
} from '@crashcart/api';
import type { HidParams, HidSession, PrintOptions } from '../../core/hid.ts';
import { type HidOutput, type HidShared, SharedHidSession } from '../../core/hid-session.ts';
import { Holders } from '../../core/holders.ts';
import { keymapCharactersOf } from '../../core/keymap-characters.ts';
import type { HidPart } from '../../core/machine.ts';
import { type ReadonlyCell, type Unsubscribe, until } from '../../core/state.ts';
import type { RemoteLink } from './remote-link.ts';
import type { RemoteStates } from './remote-states.ts';

/** Keyboard and mouse of a remote machine: all that is pressed here is one client there. */
export class RemoteHid implements HidPart {
  readonly state: ReadonlyCell<HidState>;
  readonly keymaps: HidPart['keymaps'];
  readonly printing: ReadonlyCell<HidPrintState>;
  readonly #link: RemoteLink;
  readonly #shared: HidShared;
  readonly #unfollow: Unsubscribe;

  constructor(link: RemoteLink, states: RemoteStates, ignoreKeys: readonly KeyName[]) {
    this.#link = link;
    this.state = states.hid;
    this.keymaps = states.keymaps;
    this.printing = states.printing;
    this.#shared = {
      driver: outputTo(link, states.hid),
      keys: new Holders<KeyName>(),
      buttons: new Holders<MouseButton>(),
      ignored: new Set(ignoreKeys),
      active() {},
      moved() {},
    };
    // The remote releases what a client held that has gone; nothing of it is pressed again later.
    this.#unfollow = link.status.subscribe(() => this.#forget());
  }

  get backlog(): number {
    return this.#link.backlog.value;
  }

  async drained(count: number, signal?: AbortSignal): Promise<void> {
    await until(this.#link.backlog, (waiting) => waiting <= count, signal);
  }

  session(): HidSession {
    return new SharedHidSession(this.#shared);
  }

  checkEnabled(): void {
    const { value } = this.#link.status;
    if (!value.online) {
      throw new KvmError('UnavailableError', `The remote cannot be reached: ${value.reason}`);
    }
    if (!this.state.value.enabled) throw new KvmError('HidDisabledError');
  }

  async setParams(params: HidParams): Promise<void> {
    // Which outputs there are, the remote knows.
    const args = params as ArgumentsOf<Operations['hidSetParams']['params']>;
    await this.#link.act((client, signal) => client.call('hidSetParams', args, { signal }));
  }

  async setConnected(connected: boolean): Promise<void> {
    await this.#link.act((client, signal) =>
      client.call('hidSetConnected', { connected }, { signal }),
    );
  }

  async reset(): Promise<void> {
    this.#forget();
    await this.#link.act((client, signal) => client.call('hidReset', {}, { signal }));
  }

  async inactivityS(): Promise<number> {
    const told = await this.#link.use((client, signal) =>
      client.call('hidInactivity', {}, { signal }),
    );
    return told.inactivity;
  }

  async sendShortcut(
    keys: readonly KeyName[],
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#link.act(
      (client, ended) => client.call('hidSendShortcut', { keys, wait: waitMs }, { signal: ended }),
      signal,
    );
  }

  async print(text: string, { keymap, limit, slow, delayMs, signal }: PrintOptions): Promise<void> {
    const args = {
      limit,
      slow,
      delay: delayMs / 1000,
      ...(keymap === undefined ? {} : { keymap }),
    };
    await this.#link.act(
      (client, ended) => client.call('hidPrint', args, { body: text, signal: ended }),
      signal,
    );
  }

  async keymapCharacters(keymap?: string): Promise<HidKeymapCharacters> {
    try {
      return await this.#link.use((client, signal) =>
        client.call('hidKeymapCharacters', { keymap }, { signal }),
      );
    } catch (error) {
      // PiKVM tells no characters; the layouts of both are the same.
      if (!(error instanceof KvmError && error.cause instanceof ApiError)) throw error;
      if (error.cause.status !== 404) throw error;
      return await keymapCharactersOf(keymap ?? this.keymaps.value.keymaps.default);
    }
  }

  close(): void {
    this.#unfollow();
    this.#forget();
  }

  #forget(): void {
    this.#shared.keys.clear();
    this.#shared.buttons.clear();
  }
}

function outputTo(link: RemoteLink, state: ReadonlyCell<HidState>): HidOutput {
  return {
    state,
    key: (key, pressed) => link.send(keyFrame(key, pressed)),
    button: (button, pressed) => link.send(buttonFrame(button, pressed)),
    move: (x, y) => link.send(moveFrame(x, y)),
    moveBy: (x, y) => link.send(relativeFrame([{ x, y }], false)),
    wheel: (x, y) => link.send(wheelFrame([{ x, y }], false)),
  };
}
