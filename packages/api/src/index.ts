export * from './api-error.ts';
export * from './client.ts';
export * from './contract.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './frames.ts';
export * from './keys.ts';
export * from './openapi.ts';
export {
  ATX_BUTTONS,
  ATX_POWER_ACTIONS,
  type AtxButton,
  type AtxPowerAction,
} from './operations/atx.ts';
export { authToken, expire, passwd, userName } from './operations/auth.ts';
export { KEYBOARD_OUTPUTS, MOUSE_OUTPUTS } from './operations/hid.ts';
export * from './operations/index.ts';
export {
  imageName,
  imageNameIn,
  imageSize,
  isImageUrl,
  MSD_COMPRESSIONS,
  type MsdCompression,
} from './operations/msd.ts';
export { type MediaState, mediaState } from './operations/parts.ts';
export { DEFAULT_EDID_ID, formatSwitchColor, parseSwitchColor } from './operations/switch.ts';
export * from './permissions.ts';
export * from './socket-stream.ts';
export * from './states/atx.ts';
export * from './states/gpio.ts';
export * from './states/hid.ts';
export * from './states/info.ts';
export * from './states/msd.ts';
export * from './states/sessions.ts';
export * from './states/streamer.ts';
export * from './states/switch.ts';
export * as valid from './validators.ts';
