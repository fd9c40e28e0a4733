import { computed } from '@preact/signals';
import { captured, keysReleased, pointerLocked } from '../state/capture.ts';
import { latencyMs, link } from '../state/connection.ts';
import { atx, hid, noSignalSinceMs, streamer } from '../state/machine.ts';
import { drawnFps, pictureSize } from '../state/picture.ts';
import { powerIgnored } from '../state/power.ts';
import { HOST_KEYS, hostKey } from '../state/settings.ts';
import { figures, statusOf } from '../state/status.ts';
import { Icon } from '../ui/icon.tsx';

const status = computed(() => {
  const at = link.value;
  return statusOf({
    link: at.kind,
    attempt: at.kind === 'lost' ? at.attempt : 0,
    keysReleased: keysReleased.value,
    // A machine without power control counts as running.
    powered: atx.value === undefined ? undefined : !atx.value.enabled || atx.value.leds.power,
    powerIgnored: powerIgnored.value,
    noSignalSinceMs: noSignalSinceMs.value,
    captured: captured.value,
    pointerLocked: pointerLocked.value,
    keyboardOnline: hid.value?.keyboard.online ?? true,
    hostKey: HOST_KEYS[hostKey.value],
  });
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
  const text = figures({ ...pictureSize.value, fps, latencyMs: latencyMs.value });
  return <span class="figures">{text && ` · ${text}`}</span>;
}

/** The same sentence over the lower edge of the screen when something is wrong. */
export function Notice() {
  const { kind, text } = status.value;
  if (kind !== 'warn' && kind !== 'bad') return null;
  return (
    <p class="notice" data-kind={kind} aria-hidden="true">
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}
