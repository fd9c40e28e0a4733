import { openPalette, paletteOpen } from '../palette/palette-state.ts';
import { preloadPanel } from '../panel.tsx';
import { sendCtrlAltDel } from '../screen/capture.ts';
import { fullScreen, toggleFullScreen } from '../screen/full-screen.ts';
import { link } from '../state/connection.ts';
import { atx, hostName } from '../state/machine.ts';
import { openPanel, type PanelName, togglePanel } from '../state/panels.ts';
import { scale } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import type { IconName } from '../ui/icon.tsx';
import { Led } from '../ui/led.tsx';
import { ActRing } from './act-ring.tsx';
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
      <ActRing />
      <Tools />
    </header>
  );
}

function Tools() {
  const isFull = fullScreen.value;
  const isActual = scale.value === 'actual';
  return (
    <nav class="tools" aria-label="Tools">
      <span class="wide">
        <Button
          label="Ctrl+Alt+Del"
          look="bar"
          disabled={link.value.kind !== 'open'}
          onPress={sendCtrlAltDel}
        />
      </span>
      <PanelButton name="power" label="Power" icon="power" />
      <PanelButton name="drive" label="Drive" icon="disc" />
      <PanelButton name="text" label="Type text" icon="text" />
      <PanelButton name="keys" label="Keys" icon="keyboard" />
      <span class="wide">
        <Button
          label="Actual size, 1:1"
          short="1:1"
          look="bar"
          pressed={isActual}
          onPress={() => {
            scale.value = isActual ? 'fit' : 'actual';
          }}
        />
      </span>
      <Button
        label="Full screen"
        icon={isFull ? 'minimize' : 'maximize'}
        iconOnly
        look="bar"
        pressed={isFull}
        onPress={toggleFullScreen}
      />
      <Button
        id="open-palette"
        label="All actions"
        icon="search"
        iconOnly
        look="bar"
        expanded={paletteOpen.value}
        onPress={openPalette}
      />
      <PanelButton name="more" label="More" icon="more" />
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
      onApproach={() => preloadPanel(name)}
      onPress={() => togglePanel(name)}
    />
  );
}
