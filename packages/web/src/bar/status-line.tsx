import { computed } from '@preact/signals';
import { powerIgnored } from '../power/power.ts';
import { captured, keysReleased, lockRefused, pointerLocked } from '../screen/capture.ts';
import { fullScreenFresh } from '../screen/full-screen.ts';
import { PATH_WORDS } from '../screen/paths.ts';
import { drawnFps, pictureAttempt, pictureSize, videoMode } from '../screen/picture-state.ts';
import { softKeyboardUp, softTypingFailure } from '../screen/soft-keyboard-state.ts';
import { touchIsLast } from '../screen/touch.ts';
import { latencyMs, link } from '../state/connection.ts';
import { longActs, TYPING_ACT } from '../state/long-acts.ts';
import {
  absoluteMouse,
  atx,
  hid,
  msd,
  noSignalSinceMs,
  printing,
  streamer,
} from '../state/machine.ts';
import { HOST_KEYS, hostKey } from '../state/settings.ts';
import { Icon } from '../ui/icon.tsx';
import { driveText, figures, statusOf } from './status.ts';

const status = computed(() => {
  const at = link.value;
  const isLost = at.kind === 'lost';
  return statusOf({
    link: at.kind,
    attempt: isLost ? at.attempt : 0,
    restarting: isLost && at.restarting,
    keysReleased: keysReleased.value,
    // A machine without power control counts as running.
    powered: atx.value === undefined ? undefined : !atx.value.enabled || atx.value.leds.power,
    powerIgnored: powerIgnored.value,
    pictureReason: streamer.value?.streamer?.source.reason,
    noSignalSinceMs: noSignalSinceMs.value,
    pictureAttempt: pictureAttempt.value,
    typingFailure: softTypingFailure.value,
    captured: captured.value,
    softKeyboard: softKeyboardUp.value,
    mouse: mouseKind.value,
    input: inputKind.value,
    typing: printing.value?.active ? printing.value : undefined,
    typingIsOwn: longActs.value.some(({ id }) => id === TYPING_ACT),
    drive: driveText(msd.value),
    hostKey: HOST_KEYS[hostKey.value],
  });
});

const mouseKind = computed(() => {
  if (absoluteMouse.value || touchIsLast.value) return 'absolute';
  if (pointerLocked.value) return 'locked';
  return lockRefused.value ? 'refused' : 'relative';
});

const inputKind = computed(() => {
  const state = hid.value;
  if (state === undefined) return 'good';
  if (!state.enabled) return 'none';
  if (state.busy) return 'busy';
  return state.keyboard.online ? 'good' : 'asleep';
});

/** The sentence that says how things are; only it is read aloud, not the figures. */
export function StatusLine() {
  const { kind, text } = status.value;
  return (
    <div class="status" data-kind={kind}>
      <span role="status" aria-label="Status">
        {text}
      </span>
      {kind === 'ok' && <Figures />}
    </div>
  );
}

function Figures() {
  const fps = drawnFps.value ?? streamer.value?.streamer?.source.captured_fps;
  const path = videoMode.value === 'tiles' ? undefined : PATH_WORDS[videoMode.value];
  const text = figures({ ...pictureSize.value, fps, latencyMs: latencyMs.value, path });
  return <span class="figures">{text && ` · ${text}`}</span>;
}

/** The same sentence over the lower edge of the screen when something is wrong. */
export function Notice() {
  const { kind, text } = status.value;
  if (kind !== 'warn' && kind !== 'bad') return fullScreenFresh.value ? <WayBack /> : null;
  return (
    <p class="notice" data-kind={kind} aria-hidden="true">
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}

/** The bar is out of sight in full screen, so how to get it and the keyboard back is told at first. */
function WayBack() {
  return (
    <p class="notice" data-kind="info" role="status">
      <Icon name="maximize" />
      <span>
        The bar comes at the top edge. {HOST_KEYS[hostKey.value]} gives the keyboard back.
      </span>
    </p>
  );
}
