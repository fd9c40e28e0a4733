import { keyboardDocked } from '../keys/dock.ts';
import { changeHid, hidFailure, plugHid, resetHid } from '../settings/hid-params.ts';
import { link } from '../state/connection.ts';
import { hid } from '../state/machine.ts';
import { openPanel } from '../state/panels.ts';
import { textLayout } from '../state/settings.ts';
import { layout, layouts } from '../text/layouts.ts';
import { ownTyping, stopTyping } from '../text/typing.ts';
import { type Action, offer } from './actions.ts';

const isThere = () => link.value.kind === 'open' && hid.value?.enabled === true;

offer(() => [
  {
    id: 'keys.dock',
    name: keyboardDocked.value ? 'Hide the on-screen keyboard' : 'Show the on-screen keyboard',
    words: 'virtual keys dock',
    group: 'Keys',
    run: () => {
      keyboardDocked.value = !keyboardDocked.peek();
    },
  },
  {
    id: 'text.stop',
    name: 'Stop typing the text',
    words: 'cancel abort paste',
    group: 'Text',
    available: () => ownTyping.value !== undefined,
    run: stopTyping,
  },
]);

/** Changes the machine's devices; the panel tells what went wrong. */
const device = (id: string, name: string, words: string, change: () => Promise<void>): Action => ({
  ...{ id: `hid.${id}`, name, words: `${words} hid device`, group: 'Setting' },
  available: isThere,
  run: async () => {
    await change();
    if (hidFailure.peek() !== undefined) openPanel.value = 'settings';
  },
});

offer(() => {
  const { jiggler, connected, mouse } = hid.value ?? {};
  const other = mouse?.absolute === true ? 'usb_rel' : 'usb';
  const actions = [device('reset', 'Reset keyboard and mouse', 'release stuck keys', resetHid)];
  if (jiggler?.enabled === true) {
    const name = `Keep the machine awake: turn ${jiggler.active ? 'off' : 'on'}`;
    const change = () => changeHid({ jiggler: jiggler.active ? '0' : '1' });
    actions.push(device('jiggler', name, 'jiggler mouse sleep', change));
  }
  if (mouse?.outputs.available.includes(other) === true) {
    const name = other === 'usb' ? 'Mouse: follows your pointer' : 'Mouse: moves by itself';
    const change = () => changeHid({ mouse_output: other });
    actions.push(device('mouse', name, 'absolute relative output', change));
  }
  if (typeof connected === 'boolean') {
    const name = connected ? 'Unplug keyboard and mouse' : 'Plug in keyboard and mouse';
    actions.push(device('plug', name, 'connect disconnect usb', () => plugHid(!connected)));
  }
  return actions;
});

offer(() =>
  layouts.value
    .filter(({ keymap }) => keymap !== layout.value)
    .map(({ keymap, name }) => ({
      id: `layout.${keymap}`,
      name: `Layout for text: ${name}`,
      words: `keymap language ${keymap}`,
      group: 'Text',
      run: () => {
        textLayout.value = keymap;
        openPanel.value = 'text';
      },
    })),
);
