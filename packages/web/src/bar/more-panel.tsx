import type { ComponentChildren } from 'preact';
import { healthFacts, healthSummary } from '../health/health.ts';
import { logOut } from '../login/session.ts';
import { info } from '../state/info.ts';
import { authEnabled } from '../state/machine.ts';
import { openPanel, type PanelName } from '../state/panels.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import './more.css';

/** What is seldom needed, a row each. */
export function MorePanel() {
  const { health, fan } = info.value;
  return (
    <ul class="more">
      <Entry panel="screen" icon="monitor" label="Screen">
        Size, screenshot, sound, touch, picture
      </Entry>
      <Entry panel="settings" icon="settings" label="Settings">
        Colours, mouse, host key
      </Entry>
      <Entry panel="health" icon="health" label="Health">
        {health === undefined ? 'How the box is' : healthSummary(healthFacts(health, fan)).text}
      </Entry>
      <Entry panel="log" icon="log" label="Log">
        What the server did
      </Entry>
      <Entry panel="sessions" icon="sessions" label="Sessions">
        Who is logged in
      </Entry>
      {authEnabled.value && (
        <li>
          <button
            type="button"
            class="button bar"
            onClick={() => void logOut().catch(() => undefined)}
          >
            <Icon name="logOut" />
            <span class="label">Log out</span>
            <span class="about">Only here, not on other devices</span>
          </button>
        </li>
      )}
    </ul>
  );
}

interface EntryProps {
  readonly panel: PanelName;
  readonly icon: IconName;
  readonly label: string;
  readonly children: ComponentChildren;
}

function Entry({ panel, icon, label, children }: EntryProps) {
  return (
    <li>
      <button
        type="button"
        class="button bar"
        onClick={() => {
          openPanel.value = panel;
        }}
      >
        <Icon name={icon} />
        <span class="label">{label}</span>
        <span class="about">{children}</span>
      </button>
    </li>
  );
}
