import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { link } from './state/connection.ts';
import { closePanel, openPanel, type PanelName } from './state/panels.ts';
import { Button } from './ui/button.tsx';
import { Drawer } from './ui/drawer.tsx';

/** A panel whose code and style come when it is opened for the first time. */
interface LazyPanel {
  readonly title: string;
  /** What fills the drawer. */
  readonly load: () => Promise<FunctionComponent>;
}

/** The panels that there are. The width of a wide one is in panels.css, as it counts at once. */
const PANELS: Partial<Record<PanelName, LazyPanel>> = {
  power: { title: 'Power', load: async () => (await import('./power/power-panel.tsx')).PowerPanel },
  drive: { title: 'Drive', load: async () => (await import('./drive/drive-panel.tsx')).DrivePanel },
  text: { title: 'Type text', load: async () => (await import('./text/text-panel.tsx')).TextPanel },
  keys: { title: 'Keys', load: async () => (await import('./keys/keys-panel.tsx')).KeysPanel },
  log: { title: 'Log', load: async () => (await import('./log/log-panel.tsx')).LogPanel },
  settings: {
    title: 'Settings',
    load: async () => (await import('./settings/settings-panel.tsx')).SettingsPanel,
  },
  sessions: {
    title: 'Sessions',
    load: async () => (await import('./sessions/sessions-panel.tsx')).SessionsPanel,
  },
  health: {
    title: 'Health',
    load: async () => (await import('./health/health-panel.tsx')).HealthPanel,
  },
  screen: {
    title: 'Screen',
    load: async () => (await import('./screen/screen-panel.tsx')).ScreenPanel,
  },
  more: { title: 'More', load: async () => (await import('./bar/more-panel.tsx')).MorePanel },
};

const loaded = new Map<PanelName, FunctionComponent>();

/** Fetches the code of a panel early, so that it opens without a wait; a failure is told later. */
export function preloadPanel(name: PanelName): void {
  void load(name).catch(() => undefined);
}

async function load(name: PanelName): Promise<FunctionComponent | undefined> {
  const content = loaded.get(name) ?? (await PANELS[name]?.load());
  if (content !== undefined) loaded.set(name, content);
  return content;
}

/** The drawer of the open panel; it has its place before its content is there. */
export function Panel() {
  const name = openPanel.value;
  const panel = name === undefined ? undefined : PANELS[name];
  if (name === undefined || panel === undefined) return null;
  return (
    <Drawer key={name} id={`panel-${name}`} title={panel.title} onClose={closePanel}>
      <Content name={name} />
    </Drawer>
  );
}

function Content({ name }: { readonly name: PanelName }) {
  const [isFailed, setFailed] = useState(false);
  const [Loaded, setLoaded] = useState(() => loaded.get(name));
  const isConnected = link.value.kind === 'open';
  useEffect(() => {
    let wanted = true;
    setFailed(false);
    load(name).then(
      (content) => wanted && setLoaded(() => content),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
    // Each new connection tries again what has failed.
  }, [name, isConnected]);

  if (Loaded !== undefined) return <Loaded />;
  if (!isFailed) return <p class="note">Loading</p>;
  if (!isConnected) {
    return <p role="alert">Not loaded, as the connection is lost. It comes when it is back.</p>;
  }
  return (
    <>
      <p role="alert">Not loaded: the server may be newer than this page. Reload the page.</p>
      <Button label="Reload" look="primary" onPress={() => location.reload()} />
    </>
  );
}
