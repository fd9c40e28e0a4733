import { useEffect } from 'preact/hooks';
import { Bar } from './bar/bar.tsx';
import { Notice } from './bar/status-line.tsx';
import { DropTarget } from './drive/drop-target.tsx';
import { DockPlace } from './keys/dock-place.tsx';
import { Login } from './login/login.tsx';
import { checkSession, phase } from './login/session.ts';
import { PalettePlace } from './palette/palette-place.tsx';
import { Panel } from './panel.tsx';
import { FiguresPlace } from './screen/figures-place.tsx';
import { barShown, fullScreen } from './screen/full-screen.ts';
import { KeyRow } from './screen/key-row.tsx';
import { Screen } from './screen/screen.tsx';
import { SoftKeyboard } from './screen/soft-keyboard.tsx';
import { softKeyboardUp } from './screen/soft-keyboard-state.ts';
import { keepVisible } from './screen/visible-area.ts';
import { SoundPlace } from './sound/sound-place.tsx';
import { backoffMs } from './state/backoff.ts';
import { askBeforeClosing } from './state/closing.ts';
import { keepConnected } from './state/connection.ts';
import { hostName } from './state/machine.ts';
import { pointer, theme } from './state/settings.ts';

/** The page: the login form, or the machine's screen with its bar. */
export function App() {
  useEffect(() => {
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.dataset.pointer = pointer.value;
  }, [theme.value, pointer.value]);
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
  useEffect(() => askBeforeClosing(), []);
  useEffect(() => keepVisible(), []);
  return (
    <div
      class="machine"
      data-full={fullScreen.value}
      data-bar={barShown.value}
      data-typing={softKeyboardUp.value}
    >
      <button type="button" class="skip" onClick={() => document.getElementById('screen')?.focus()}>
        Skip to the screen
      </button>
      <Bar />
      {fullScreen.value && <Edge />}
      <main class="stage">
        <Screen />
        <FiguresPlace />
        <SoundPlace />
        <Notice />
        <SoftKeyboard />
      </main>
      <KeyRow />
      <DockPlace />
      <Panel />
      <PalettePlace />
      <DropTarget />
    </div>
  );
}

/** Fetches the bar in full screen, for fingers; a mouse goes to the edge. */
function Edge() {
  return (
    <button
      type="button"
      class="edge"
      aria-label="Show the bar"
      onClick={() => {
        barShown.value = true;
      }}
    />
  );
}
