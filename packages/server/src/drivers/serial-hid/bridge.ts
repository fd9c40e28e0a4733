import { Duplex } from 'node:stream';
import { HID_OFFLINE } from '../../core/hid-driver.ts';
import { StateCell } from '../../core/state.ts';
import { type GpioCalls, SYSTEM_GPIO_CALLS } from '../../platform/gpio-calls.ts';
import { openSerialPort, type SerialSpeed } from '../../platform/serial-port.ts';
import {
  BRIDGE_CLEAR,
  BRIDGE_OLD_DONE,
  BRIDGE_PING,
  BRIDGE_REPEAT,
  BridgeReader,
  type BridgeReply,
  type BridgeState,
  bridgeButton,
  bridgeConnect,
  bridgeKey,
  bridgeKeyboardOutput,
  bridgeMouseOutput,
  bridgeMove,
  bridgeMoveBy,
  bridgeWheel,
} from '../../protocols/hid-bridge.ts';
import { keyByName } from '../../protocols/keys.ts';
import type { SerialInput } from './input-queue.ts';
import { PowerLine } from './power-line.ts';
import { ResetLine } from './reset-line.ts';
import type { SerialAnswer, SerialDevice, SerialDeviceState } from './serial-device.ts';
import { SerialHid, type SerialHidContext } from './serial-hid.ts';
import type { PortAdvice } from './serial-line.ts';

/** Options of a bridge at a serial port, named as in the configuration; times in s. */
export interface BridgeOptions extends AnyBridgeOptions {
  readonly device: string;
  readonly speed: SerialSpeed;
}

/** Options of a bridge anywhere. */
export interface AnyBridgeOptions {
  readonly read_timeout: number;
  readonly gpio_device: string;
  /** The line that is high while the bridge has power; -1 is none. */
  readonly power_detect_pin: number;
  /** Whether the chip pulls that low. */
  readonly power_detect_pull_down: boolean;
  /** The line that resets the bridge; -1 is none. */
  readonly reset_pin: number;
  readonly reset_inverted: boolean;
  readonly reset_delay: number;
  /** Whether the bridge starts itself anew when it wants to be. */
  readonly reset_self: boolean;
  readonly read_retries: number;
  readonly common_retries: number;
  readonly retries_delay: number;
  /** How many failures in a row are not told. */
  readonly errors_threshold: number;
  /** Pretends a bridge that takes everything. */
  readonly noop: boolean;
}

/** What the driver gets besides. */
export interface BridgeContext extends SerialHidContext {
  /** Stands in for the system in tests. */
  readonly system?: { readonly gpio?: GpioCalls };
}

/** How long a bridge that was reset takes to be there, ms. */
const SETTLE_MS = 1000;
/** Mice that have steps instead of a place. */
const RELATIVE_MICE: readonly string[] = ['usb_rel', 'ps2'];
/** Old firmware tells nothing of itself: it is there, and its mouse is absolute. */
const UNTOLD: SerialDeviceState = {
  connected: null,
  keyboard: { ...HID_OFFLINE.keyboard, online: true },
  mouse: { ...HID_OFFLINE.mouse, online: true },
};

/** Where a bridge is. */
export interface BridgePort {
  readonly port: string;
  readonly advice?: PortAdvice;
  readonly open: () => Promise<Duplex>;
  /** How long an answer may take, ms. */
  readonly answerMs: number;
}

/** Keyboard and mouse by an Arduino or a Pico with PiKVM's firmware at a serial port. */
export function createBridge(options: BridgeOptions, context: BridgeContext): SerialHid {
  return bridgeAt(options, context, {
    port: options.device,
    open: () => openSerialPort(options.device, options.speed),
    answerMs: options.read_timeout * 1000,
  });
}

/** Keyboard and mouse by such a bridge at any port. */
export function bridgeAt(
  options: AnyBridgeOptions,
  context: BridgeContext,
  { open, answerMs, ...where }: BridgePort,
): SerialHid {
  const { log, system } = context;
  const { noop, reset_pin: resetPin, power_detect_pin: powerPin } = options;
  const chip = { chip: options.gpio_device, calls: system?.gpio ?? SYSTEM_GPIO_CALLS, log };
  const resetLine =
    resetPin < 0 || noop
      ? undefined
      : new ResetLine({
          ...{ ...chip, pin: resetPin, isInverted: options.reset_inverted },
          pulseMs: options.reset_delay * 1000,
          settleMs: context.times?.restartMs ?? SETTLE_MS,
        });
  const powerLine =
    powerPin < 0 || noop
      ? undefined
      : new PowerLine({ ...chip, pin: powerPin, pullsDown: options.power_detect_pull_down });
  return new SerialHid({
    ...context,
    ...where,
    open: async () => (noop ? noBridge() : await open()),
    device: new Bridge(),
    patience: {
      answerMs,
      attempts: options.common_retries,
      silentAttempts: options.read_retries,
      pauseMs: options.retries_delay * 1000,
      untold: options.errors_threshold,
    },
    ...{ resetLine, powerLine },
    resetsItself: options.reset_self,
  });
}

/** A port at whose end everything is done and nothing happens. */
function noBridge(): Duplex {
  return new Duplex({
    read: () => undefined,
    write(_request, _encoding, done) {
      this.push(BRIDGE_OLD_DONE);
      done();
    },
  });
}

/** What a bridge has told, and its requests. */
class Bridge implements SerialDevice {
  readonly poll = BRIDGE_PING;
  /** No request starts it anew, only a wire. */
  readonly reset = [];
  readonly state = new StateCell<SerialDeviceState>(UNTOLD);

  requestsOf(input: SerialInput): readonly Uint8Array[] {
    switch (input.kind) {
      case 'key': {
        const codes = keyByName(input.key);
        return codes ? [bridgeKey(codes.mcu, input.pressed)] : [];
      }
      case 'button':
        return [bridgeButton(input.button, input.pressed)];
      case 'move':
        return [bridgeMove(input.x, input.y)];
      case 'moveBy':
        return [bridgeMoveBy(input.x, input.y)];
      case 'wheel':
        return input.y === 0 ? [] : [bridgeWheel(input.y)];
      case 'release':
        return [BRIDGE_CLEAR];
    }
  }

  reader(request: Uint8Array): (bytes: Uint8Array) => SerialAnswer | undefined {
    const replies = new BridgeReader();
    return (bytes) => {
      const found = replies.push(bytes);
      const reply = found.find(({ kind }) => kind !== 'garbled') ?? found[0];
      return reply && this.#take(reply, request);
    };
  }

  setOutput(part: 'keyboard' | 'mouse', output: string): readonly Uint8Array[] {
    const encode = part === 'keyboard' ? bridgeKeyboardOutput : bridgeMouseOutput;
    const request = encode(output);
    return request ? [request] : [];
  }

  setConnected(connected: boolean): readonly Uint8Array[] {
    return [bridgeConnect(connected)];
  }

  #take(reply: BridgeReply, request: Uint8Array): SerialAnswer {
    switch (reply.kind) {
      case 'state':
        this.state.set(stateOf(reply.state));
        return { kind: 'done', restarts: reply.state.needsReset };
      case 'done':
        this.state.set(UNTOLD);
        return { kind: 'done', restarts: false };
      case 'again':
        return { kind: 'again', request };
      case 'garbled':
        // It has the request: sent again, steps of the mouse would be made twice.
        return { kind: 'again', request: BRIDGE_REPEAT };
      case 'refused': {
        const why = `The HID firmware refuses a request: code ${reply.code.toString(16)}`;
        return { kind: 'refused', why };
      }
    }
  }
}

function stateOf(told: BridgeState): SerialDeviceState {
  const { leds, connected, keyboard, mouse, keyboardOnline, mouseOnline } = told;
  const absolute = !RELATIVE_MICE.includes(mouse.active);
  return {
    connected,
    keyboard: { online: keyboardOnline, leds, outputs: keyboard },
    mouse: { online: mouseOnline, absolute, outputs: mouse },
  };
}
