import { useEffect } from 'preact/hooks';
import { Bar } from './panels/bar.tsx';
import { LogPanel } from './panels/log.tsx';
import { Login } from './panels/login.tsx';
import { PowerPanel } from './panels/power.tsx';
import { SettingsPanel } from './panels/settings.tsx';
import { Notice } from './panels/status-line.tsx';
import { Screen } from './screen/screen.tsx';
import { backoffMs } from './state/backoff.ts';
import { keepConnected } from './state/connection.ts';
import { hostName } from './state/machine.ts';
import { openPanel } from './state/panels.ts';
import { checkSession, phase } from './state/session.ts';
import { theme } from './state/settings.ts';

/** The page: the login form, or the machine's screen with its bar. */
export function App() {
  useEffect(() => {
    document.documentElement.dataset.theme = theme.value;
  }, [theme.value]);
  useEffect(() => {
    document.title = hostName.value === undefined ? 'crashcart' : `${hostName.value} · crashcart`;
  }, [hostName.value]);
  switch (phase.value) {
    case 'checking':
      return <Checking />;
    case 'login':
      return <Login />;
    case 'in':
      return <Machine />;
  }
}

function Checking() {
  useEffect(() => {
    const ending = new AbortController();
    void firstCheck(ending.signal);
    return () => ending.abort();
  }, []);
  return (
    <main class="login">
      <p class="note" role="status">
        Connecting
      </p>
    </main>
  );
}

async function firstCheck(signal: AbortSignal): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const session = await checkSession();
    if (signal.aborted) return;
    if (session !== 'lost') {
      phase.value = session === 'good' ? 'in' : 'login';
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
  }
}

function Machine() {
  useEffect(() => keepConnected(), []);
  return (
    <div class="machine">
      <button type="button" class="skip" onClick={() => document.getElementById('screen')?.focus()}>
        Skip to the screen
      </button>
      <Bar />
      <main class="stage">
        <Screen />
        <Notice />
      </main>
      <Panel />
    </div>
  );
}

function Panel() {
  switch (openPanel.value) {
    case 'power':
      return <PowerPanel />;
    case 'log':
      return <LogPanel />;
    case 'settings':
      return <SettingsPanel />;
    case undefined:
      return null;
  }
}
