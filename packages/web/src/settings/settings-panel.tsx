import './settings.css';
import type { ComponentChildren } from 'preact';
import { hid } from '../state/machine.ts';
import {
  askClose,
  HOST_KEYS,
  type HostKey,
  hostKey,
  MOVE_EVERY,
  moveEveryMs,
  POINTERS,
  pointer,
  reverseWheel,
  reverseWheelSideways,
  SENSITIVITY,
  sensitivity,
  squashMoves,
  swapCtrlCaps,
  THEMES,
  theme,
  WHEEL_RATE,
  wheelRate,
} from '../state/settings.ts';
import { RadioGroup } from '../ui/radio-group.tsx';
import { Range } from '../ui/range.tsx';
import { Switch } from '../ui/switch.tsx';
import { DeviceSettings } from './device-settings.tsx';

const THEME_WORDS = { system: 'System', light: 'Light', dark: 'Dark' } as const;
const POINTER_WORDS = { dot: 'Dot', cross: 'Cross', none: 'None' } as const;

/** How the page behaves, kept in this browser, and how the machine's devices do, kept there. */
export function SettingsPanel() {
  const hasRelative = hid.value?.mouse.outputs.available.includes('usb_rel') === true;
  const isRelative = hid.value?.mouse.absolute === false;
  return (
    <>
      <p class="note">Kept in this browser, but for the last group.</p>
      <Group title="Page">
        <RadioGroup
          name="theme"
          legend="Colours"
          value={theme.value}
          choices={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))}
          onChoose={(value) => {
            theme.value = value;
          }}
        />
        <Switch
          label="Ask before the page is closed"
          note="It always asks while something is uploaded or typed."
          on={askClose.value}
          onChange={(on) => {
            askClose.value = on;
          }}
        />
      </Group>
      <Group title="Keyboard">
        <label class="field">
          <span>Host key: releases the keyboard</span>
          <select
            value={hostKey.value}
            onChange={(event) => {
              hostKey.value = event.currentTarget.value as HostKey;
            }}
          >
            {Object.entries(HOST_KEYS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <span class="note">With Delete it sends Ctrl+Alt+Del, with K it opens all actions.</span>
        </label>
        <Switch
          label="Swap left Ctrl and Caps Lock"
          on={swapCtrlCaps.value}
          onChange={(on) => {
            swapCtrlCaps.value = on;
          }}
        />
      </Group>
      <Group title="Mouse">
        <RadioGroup
          name="pointer"
          legend="Your pointer over the screen"
          value={pointer.value}
          choices={POINTERS.map((value) => ({ value, label: POINTER_WORDS[value] }))}
          onChoose={(value) => {
            pointer.value = value;
          }}
        />
        <Range
          label="Wheel, for one notch"
          {...WHEEL_RATE}
          step={1}
          value={wheelRate.value}
          words={(steps) => (steps === 1 ? '1 step' : `${steps} steps`)}
          onChange={(steps) => {
            wheelRate.value = steps;
          }}
        />
        <Switch
          label="Reverse the wheel"
          on={reverseWheel.value}
          onChange={(on) => {
            reverseWheel.value = on;
          }}
        />
        <Switch
          label="Reverse it sideways"
          on={reverseWheelSideways.value}
          onChange={(on) => {
            reverseWheelSideways.value = on;
          }}
        />
        <Range
          label="Moves are sent"
          {...MOVE_EVERY}
          step={10}
          value={moveEveryMs.value}
          words={(ms) => `every ${ms} ms`}
          onChange={(ms) => {
            moveEveryMs.value = ms;
          }}
        />
        {(hasRelative || isRelative) && (
          <>
            <Range
              label="Speed of a relative mouse"
              {...SENSITIVITY}
              step={0.1}
              value={sensitivity.value}
              words={(factor) => `× ${factor.toFixed(1)}`}
              onChange={(factor) => {
                sensitivity.value = factor;
              }}
            />
            <Switch
              label="Join small moves of a relative mouse"
              note="Fewer moves for slow networks."
              on={squashMoves.value}
              onChange={(on) => {
                squashMoves.value = on;
              }}
            />
          </>
        )}
      </Group>
      <Group title="The machine’s keyboard and mouse">
        <DeviceSettings />
      </Group>
    </>
  );
}

function Group({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="settings">
      <h3>{title}</h3>
      {children}
    </section>
  );
}
