import { useEffect, useState } from 'preact/hooks';
import { sendCtrlAltDel } from '../state/capture.ts';
import { link } from '../state/connection.ts';
import { atx, authEnabled, hostName } from '../state/machine.ts';
import { openPanel, type PanelName, togglePanel } from '../state/panels.ts';
import { logOut } from '../state/session.ts';
import { scale } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import type { IconName } from '../ui/icon.tsx';
import { Led } from '../ui/led.tsx';
import { StatusLine } from './status-line.tsx';

/** Name, lights and the status line, and the buttons for everything else. */
export function Bar() {
  const leds = atx.value?.leds;
  return (
    <header class="bar">
      <h1 title={hostName.value}>{hostName.value ?? 'crashcart'}</h1>
      <Led kind="power" lit={leds?.power} words={{ lit: 'Power on', dark: 'Power off' }} />
      <Led kind="disk" lit={leds?.hdd} words={{ lit: 'Disk active', dark: 'Disk idle' }} />
      <StatusLine />
      <Tools />
    </header>
  );
}

function Tools() {
  const [isFull, toggleFull] = useFullScreen();
  const isActual = scale.value === 'actual';
  return (
    <nav class="tools" aria-label="Tools">
      <Button
        label="Ctrl+Alt+Del"
        look="bar"
        disabled={link.value.kind !== 'open'}
        onPress={sendCtrlAltDel}
      />
      <PanelButton name="power" label="Power" icon="power" />
      <Button
        label="Actual size"
        short="1:1"
        look="bar"
        pressed={isActual}
        onPress={() => {
          scale.value = isActual ? 'fit' : 'actual';
        }}
      />
      <Button
        label="Full screen"
        icon={isFull ? 'minimize' : 'maximize'}
        iconOnly
        look="bar"
        pressed={isFull}
        onPress={toggleFull}
      />
      <PanelButton name="log" label="Log" icon="log" />
      <PanelButton name="settings" label="Settings" icon="settings" />
      {authEnabled.value && (
        <Button
          label="Log out"
          icon="logOut"
          iconOnly
          look="bar"
          onPress={() => void logOut().catch(() => undefined)}
        />
      )}
    </nav>
  );
}

interface PanelButtonProps {
  readonly name: PanelName;
  readonly label: string;
  readonly icon: IconName;
}

function PanelButton({ name, label, icon }: PanelButtonProps) {
  return (
    <Button
      id={`open-${name}`}
      label={label}
      icon={icon}
      iconOnly={name !== 'power'}
      look="bar"
      expanded={openPanel.value === name}
      controls={`panel-${name}`}
      onPress={() => togglePanel(name)}
    />
  );
}

/** Browsers that can, also give the keys that they keep otherwise (Alt+Tab, Win). */
interface LockableKeyboard {
  readonly keyboard?: { lock(): Promise<void>; unlock(): void };
}

function useFullScreen(): readonly [boolean, () => void] {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, []);
  const toggle = async () => {
    const { keyboard } = navigator as LockableKeyboard;
    if (document.fullscreenElement !== null) {
      keyboard?.unlock();
      await document.exitFullscreen();
      return;
    }
    await document.documentElement.requestFullscreen();
    await keyboard?.lock();
    document.getElementById('screen')?.focus();
  };
  // A browser may refuse; the page then stays as it is.
  return [isFull, () => void toggle().catch(() => undefined)];
}
