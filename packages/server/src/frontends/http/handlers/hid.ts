import { KvmError } from '@crashcart/api';
import type { HidSession } from '../../../core/hid.ts';
import type { Call } from '../host.ts';
import { EncodedResult } from '../reply.ts';
import type { HandlersOf } from './handlers-of.ts';

type HidOperation =
  | 'hid'
  | 'hidSetParams'
  | 'hidSetConnected'
  | 'hidReset'
  | 'hidInactivity'
  | 'hidKeymaps'
  | 'hidKeymapCharacters'
  | 'hidPrint'
  | 'hidSendKey'
  | 'hidSendShortcut'
  | 'hidSendMouseButton'
  | 'hidSendMouseMove'
  | 'hidSendMouseRelative'
  | 'hidSendMouseWheel';

/** Keyboard and mouse. */
export const hidHandlers: HandlersOf<HidOperation> = {
  hid(_args, { host, services }) {
    const state = host.machine.hid.state.value;
    return new EncodedResult(services.encoded.of(state, '', () => state));
  },

  async hidSetParams(params, { host }) {
    await host.machine.hid.setParams(params);
    return {};
  },

  async hidSetConnected({ connected }, { host }) {
    await host.machine.hid.setConnected(connected);
    return {};
  },

  async hidReset(_args, { host }) {
    await host.machine.hid.reset();
    return {};
  },

  async hidInactivity(_args, { host }) {
    return { inactivity: await host.machine.hid.inactivityS() };
  },

  hidKeymaps: (_args, { host }) => host.machine.hid.keymaps.value,

  hidKeymapCharacters: ({ keymap }, { host }) => host.machine.hid.keymapCharacters(keymap),

  async hidPrint({ limit, keymap, slow, delay }, call) {
    const options = { limit, keymap, slow, delayMs: delay * 1000, signal: call.ended };
    await call.host.machine.hid.print(call.text(), options);
    return {};
  },

  hidSendKey({ key, state, finish }, call) {
    const session = sessionOf(call);
    if (state === undefined) session.clickKey(key);
    else session.key(key, state, finish ?? false);
    return {};
  },

  async hidSendShortcut({ keys, wait }, { host, ended }) {
    await host.machine.hid.sendShortcut(keys, wait, ended);
    return {};
  },

  hidSendMouseButton({ button, state }, call) {
    const session = sessionOf(call);
    if (state === undefined) session.clickButton(button);
    else session.button(button, state);
    return {};
  },

  hidSendMouseMove({ to_x, to_y }, call) {
    sessionOf(call).move(to_x, to_y);
    return {};
  },

  hidSendMouseRelative({ delta_x, delta_y }, call) {
    sessionOf(call).moveBy([{ x: delta_x, y: delta_y }], false);
    return {};
  },

  hidSendMouseWheel({ delta_x, delta_y }, call) {
    sessionOf(call).wheel([{ x: delta_x, y: delta_y }], false);
    return {};
  },
};

function sessionOf({ host, services, identity }: Call): HidSession {
  if (identity === undefined) throw new KvmError('UnauthorizedError');
  host.machine.hid.checkEnabled();
  return services.hidSessions.of(host.machine.hid, identity.user);
}
