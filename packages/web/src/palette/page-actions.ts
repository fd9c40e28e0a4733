import { keysWords } from '../keys/key-words.ts';
import {
  BOOT_SHORTCUTS,
  CONSOLE_SHORTCUTS,
  ownShortcuts,
  type Shortcut,
  SYSRQ_SHORTCUTS,
  sendShortcut,
  shortcutFailure,
  USUAL_SHORTCUTS,
} from '../keys/shortcuts.ts';
import { logOut } from '../login/session.ts';
import { doPower } from '../power/power.ts';
import { captured, sendCtrlAltDel, startCapture } from '../screen/capture.ts';
import { fullScreen, toggleFullScreen } from '../screen/full-screen.ts';
import { link } from '../state/connection.ts';
import { atx, authEnabled } from '../state/machine.ts';
import { openPanel, type PanelName } from '../state/panels.ts';
import {
  askClose,
  HOST_KEYS,
  type HostKey,
  hostKey,
  reverseWheel,
  reverseWheelSideways,
  scale,
  squashMoves,
  swapCtrlCaps,
  THEMES,
  theme,
} from '../state/settings.ts';
import { type Action, offer } from './actions.ts';

const isConnected = () => link.value.kind === 'open';
const isOn = () => isConnected() && atx.value?.enabled === true && atx.value.leds.power;
const hasPower = () => isConnected() && atx.value?.enabled === true;

const panel = (name: PanelName, label: string, words: string): Action => ({
  id: `open.${name}`,
  name: label,
  words: `open panel ${words}`,
  group: 'Panel',
  run: () => {
    openPanel.value = name;
  },
});

offer([
  {
    id: 'screen.capture',
    name: 'Send the keyboard to the machine',
    words: 'capture grab',
    group: 'Screen',
    available: () => isConnected() && !captured.value,
    run: () => {
      document.getElementById('screen')?.focus();
      startCapture();
    },
  },
  panel('power', 'Power', 'atx on off shutdown reset'),
  panel('text', 'Type text', 'paste clipboard layout'),
  panel('keys', 'Keys and shortcuts', 'keyboard on-screen sysrq'),
  panel('log', 'Log', 'journal messages'),
  panel('settings', 'Settings', 'options preferences'),
  panel('sessions', 'Sessions', 'users clients logged in end devices'),
  panel('health', 'Health', 'temperature fan load memory versions about'),
]);

const power = (name: string, words: string, act: Parameters<typeof doPower>[0]): Action => ({
  id: `power.${act}`,
  name,
  words: `power ${words}`,
  group: 'Power',
  danger: act !== 'press',
  available: act === 'press' ? hasPower : isOn,
  run: () => {
    // The panel tells what comes of it.
    openPanel.value = 'power';
    void doPower(act);
  },
});

offer([
  power('Press power', 'start on shutdown button', 'press'),
  power('Hard off', 'cut kill stop', 'hard off'),
  power('Reset', 'restart reboot', 'reset'),
]);

const shortcut = (of: Shortcut, danger = false): Action => {
  const words = keysWords(of.keys);
  return {
    id: `shortcut.${of.id}`,
    name: of.name === words ? words : `${words}: ${of.name}`,
    words: 'send keys press',
    group: 'Shortcut',
    danger,
    available: isConnected,
    run: () => void sendAndTell(of),
  };
};

async function sendAndTell({ id, keys }: Shortcut): Promise<void> {
  if (id === 'usual.ControlLeft-AltLeft-Delete') sendCtrlAltDel();
  else await sendShortcut(keys);
  if (shortcutFailure.peek() !== undefined) openPanel.value = 'keys';
}

offer(() => ownShortcuts.value.map((own) => shortcut(own)));
offer([
  ...[...USUAL_SHORTCUTS, ...CONSOLE_SHORTCUTS, ...BOOT_SHORTCUTS].map((each) => shortcut(each)),
  ...SYSRQ_SHORTCUTS.map((each) => shortcut(each, each.danger)),
]);

const THEME_WORDS = { system: 'as the system', light: 'light', dark: 'dark' } as const;
const SWITCHES = [
  ['swapCtrlCaps', 'Swap left Ctrl and Caps Lock', swapCtrlCaps],
  ['reverseWheel', 'Reverse the wheel', reverseWheel],
  ['reverseWheelSideways', 'Reverse the wheel sideways', reverseWheelSideways],
  ['squashMoves', 'Join small moves of the mouse', squashMoves],
  ['askClose', 'Ask before the page is closed', askClose],
] as const;

const setting = (id: string, name: string, words: string, run: () => void): Action => {
  return { id: `settings.${id}`, name, words, group: 'Setting', run };
};

offer(() => [
  setting(
    'full-screen',
    fullScreen.value ? 'Leave full screen' : 'Full screen',
    'fullscreen whole window',
    toggleFullScreen,
  ),
  setting(
    'scale',
    scale.value === 'fit' ? 'Screen in actual size, 1:1' : 'Fit the screen to the window',
    'zoom scale pixel',
    () => {
      scale.value = scale.peek() === 'fit' ? 'actual' : 'fit';
    },
  ),
  ...THEMES.filter((value) => value !== theme.value).map((value) =>
    setting(`theme-${value}`, `Colours: ${THEME_WORDS[value]}`, 'theme mode night day', () => {
      theme.value = value;
    }),
  ),
  ...SWITCHES.map(([id, name, cell]) =>
    setting(id, `${name}: turn ${cell.value ? 'off' : 'on'}`, 'option', () => {
      cell.value = !cell.peek();
    }),
  ),
  ...Object.entries(HOST_KEYS)
    .filter(([key]) => key !== hostKey.value)
    .map(([key, words]) =>
      setting(`host-${key}`, `Host key: ${words}`, 'release keyboard magic', () => {
        hostKey.value = key as HostKey;
      }),
    ),
]);

offer([
  {
    id: 'session.log-out',
    name: 'Log out',
    words: 'session end leave',
    group: 'Session',
    available: () => authEnabled.value,
    run: () => void logOut().catch(() => undefined),
  },
]);
