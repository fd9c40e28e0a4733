import { rememberedSwitch } from '../state/remembered.ts';

/** Whether the on-screen keyboard stands below the screen. */
export const keyboardDocked = rememberedSwitch('keyboardDocked', false);
