import * as atx from './atx.ts';
import * as auth from './auth.ts';
import * as gpio from './gpio.ts';
import * as hid from './hid.ts';
import { info, log, metrics } from './info.ts';
import * as msd from './msd.ts';
import { media, whep, whepEnd } from './parts.ts';
import * as streamer from './streamer.ts';
import * as switchUnits from './switch.ts';

/** Every operation of the HTTP API by the name that handlers and the client use. */
export const OPERATIONS = {
  authLogin: auth.login,
  authLogout: auth.logout,
  authCheck: auth.check,
  authSessions: auth.sessions,
  authEndSession: auth.endSession,
  info,
  log,
  hid: hid.state,
  hidSetParams: hid.setParams,
  hidSetConnected: hid.setConnected,
  hidReset: hid.reset,
  hidInactivity: hid.inactivity,
  hidKeymaps: hid.keymaps,
  hidKeymapCharacters: hid.keymapCharacters,
  hidPrint: hid.print,
  hidSendKey: hid.sendKey,
  hidSendShortcut: hid.sendShortcut,
  hidSendMouseButton: hid.sendMouseButton,
  hidSendMouseMove: hid.sendMouseMove,
  hidSendMouseRelative: hid.sendMouseRelative,
  hidSendMouseWheel: hid.sendMouseWheel,
  atx: atx.state,
  atxPower: atx.power,
  atxClick: atx.click,
  msd: msd.state,
  msdSetParams: msd.setParams,
  msdSetConnected: msd.setConnected,
  msdWrite: msd.write,
  msdWriteRemote: msd.writeRemote,
  msdLink: msd.link,
  msdRead: msd.read,
  msdRemove: msd.remove,
  msdReset: msd.reset,
  gpio: gpio.state,
  gpioSwitch: gpio.setSwitch,
  gpioPulse: gpio.pulse,
  switch: switchUnits.state,
  switchSetActivePrev: switchUnits.setActivePrev,
  switchSetActiveNext: switchUnits.setActiveNext,
  switchSetActive: switchUnits.setActive,
  switchSetBeacon: switchUnits.setBeacon,
  switchSetPortParams: switchUnits.setPortParams,
  switchSetColors: switchUnits.setColors,
  switchReset: switchUnits.reset,
  switchCreateEdid: switchUnits.createEdid,
  switchChangeEdid: switchUnits.changeEdid,
  switchRemoveEdid: switchUnits.removeEdid,
  switchAtxPower: switchUnits.atxPower,
  switchAtxClick: switchUnits.atxClick,
  streamer: streamer.state,
  streamerSetParams: streamer.setParams,
  streamerReset: streamer.reset,
  streamerSnapshot: streamer.snapshot,
  streamerRemoveSnapshot: streamer.removeSnapshot,
  streamerOcr: streamer.ocr,
  media,
  whep,
  whepEnd,
  exportPrometheusMetrics: metrics,
} as const;

export type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;
