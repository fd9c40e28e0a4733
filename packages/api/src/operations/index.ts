import * as atx from './atx.ts';
import * as auth from './auth.ts';
import * as hid from './hid.ts';
import { info, log } from './info.ts';
import { gpio, media, msd, switchUnits } from './parts.ts';
import * as streamer from './streamer.ts';

/** Every operation of the HTTP API by the name that handlers and the client use. */
export const OPERATIONS = {
  authLogin: auth.login,
  authLogout: auth.logout,
  authCheck: auth.check,
  info,
  log,
  hid: hid.state,
  hidSetParams: hid.setParams,
  hidSetConnected: hid.setConnected,
  hidReset: hid.reset,
  hidInactivity: hid.inactivity,
  hidKeymaps: hid.keymaps,
  hidSendKey: hid.sendKey,
  hidSendShortcut: hid.sendShortcut,
  hidSendMouseButton: hid.sendMouseButton,
  hidSendMouseMove: hid.sendMouseMove,
  hidSendMouseRelative: hid.sendMouseRelative,
  hidSendMouseWheel: hid.sendMouseWheel,
  atx: atx.state,
  atxPower: atx.power,
  atxClick: atx.click,
  msd,
  gpio,
  switch: switchUnits,
  streamer: streamer.state,
  streamerSetParams: streamer.setParams,
  streamerReset: streamer.reset,
  streamerSnapshot: streamer.snapshot,
  streamerRemoveSnapshot: streamer.removeSnapshot,
  streamerOcr: streamer.ocr,
  media,
} as const;

export type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;
