import { absoluteMouse } from '../state/machine.ts';
import { closePanel } from '../state/panels.ts';
import { HOST_KEYS, type HostKey, hostKey, scale, THEMES, theme } from '../state/settings.ts';
import { Drawer } from '../ui/drawer.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';

const THEME_WORDS = { system: 'System', light: 'Light', dark: 'Dark' } as const;

/** How the page looks and which key gives the keyboard back; kept in this browser. */
export function SettingsPanel() {
  return (
    <Drawer id="panel-settings" title="Settings" onClose={closePanel}>
      <RadioGroup
        name="theme"
        legend="Colours"
        value={theme.value}
        choices={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))}
        onChoose={(value) => {
          theme.value = value;
        }}
      />
      <RadioGroup
        name="scale"
        legend="Screen"
        value={scale.value}
        choices={[
          { value: 'fit', label: 'Fit' },
          { value: 'actual', label: '1:1' },
        ]}
        onChoose={(value) => {
          scale.value = value;
        }}
      />
      <label class="field">
        <span>Key that releases the keyboard</span>
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
      </label>
      <p class="note">With Delete it sends Ctrl+Alt+Del.</p>
      <p class="note">
        {absoluteMouse.value
          ? 'The mouse follows your pointer.'
          : 'The mouse moves by itself: click the screen to use it, Esc leaves.'}
      </p>
    </Drawer>
  );
}
