import { computed, signal } from '@preact/signals';
import { address, post, postForm } from '../api.ts';
import { atx, msd } from '../state/machine.ts';
import { driveRefusal, type Refusal } from '../state/refusal.ts';
import { remembered } from '../state/remembered.ts';
import { IMAGE_SORTS, type ImageSort, imagesOf } from './images.ts';

/** How an image is put into the drive. */
export interface InsertMode {
  /** A CD-ROM; else a flash drive. */
  readonly cdrom: boolean;
  /** The machine may write; only a flash drive and an image that can be written. */
  readonly rw: boolean;
}

/** How the list of images is ordered. */
export const imageSort = remembered<ImageSort>('imageSort', IMAGE_SORTS, 'name');
/** Why the last act failed. */
export const driveFailure = signal<Refusal | undefined>(undefined);
/** Whether an act of this page is under way. */
export const driveActs = signal(false);

const stored = computed(() => msd.value?.storage?.images);
/** All images in no order; made anew only when the storage has changed. */
export const images = computed(() => imagesOf(stored.value ?? {}));
/** What is in the drive, or only chosen for it. */
export const inDrive = computed(() => msd.value?.drive?.image ?? undefined);
/** Whether the machine has it. */
export const connected = computed(() => msd.value?.drive?.connected === true);
/** Why images cannot be changed now, in words; undefined when they can. */
export const lockedReason = computed(() => {
  const state = msd.value;
  if (state === undefined) return 'Waiting for the server.';
  if (connected.value) return 'Images cannot be changed while one is in the drive. Eject it first.';
  return state.busy ? 'The drive is busy. Wait until that is done.' : undefined;
});

/** Puts an image into the drive, in the place of another. */
export function insertImage(name: string, mode: InsertMode): Promise<boolean> {
  return act(() => insert(name, mode));
}

/** Puts the image in and starts the machine from it: at once, unsaved work is lost. */
export function bootFrom(name: string, mode: InsertMode): Promise<boolean> {
  return act(async () => {
    await insert(name, mode);
    const isOn = atx.peek()?.leds.power === true;
    await post('api/atx/power', { action: isOn ? 'reset_hard' : 'on' });
  });
}

/** Gives the machine what is chosen. */
export function connectDrive(): Promise<boolean> {
  return act(() => post('api/msd/set_connected', { connected: '1' }));
}

/** Takes out what is in the drive, so that it is empty. */
export function eject(): Promise<boolean> {
  return act(async () => {
    await disconnect();
    await post('api/msd/set_params', { image: '' });
  });
}

/** Lists an image that stays where it is; an empty name = as it is called there. */
export function linkImage(url: string, folder: string, name: string): Promise<boolean> {
  return act(() => postForm('api/msd/link', { url, prefix: folder, image: name }));
}

/** Removes an image for good. */
export function removeImage(image: string): Promise<boolean> {
  return act(() => post('api/msd/remove', { image }));
}

/** Takes the image out by force and starts the drive anew. */
export function resetDrive(): Promise<boolean> {
  return act(() => post('api/msd/reset'));
}

/** Where the bytes of an image are. */
export function imageAddress(image: string): string {
  return address(`api/msd/read?${new URLSearchParams({ image })}`);
}

async function insert(image: string, { cdrom, rw }: InsertMode): Promise<void> {
  await disconnect();
  const bit = (value: boolean) => (value ? '1' : '0');
  await post('api/msd/set_params', { image, cdrom: bit(cdrom), rw: bit(rw && !cdrom) });
  await post('api/msd/set_connected', { connected: '1' });
}

async function disconnect(): Promise<void> {
  if (connected.peek()) await post('api/msd/set_connected', { connected: '0' });
}

/** Does it unless something else is being done; tells whether it went well. */
async function act(doIt: () => Promise<void>): Promise<boolean> {
  if (driveActs.peek()) return false;
  driveActs.value = true;
  driveFailure.value = undefined;
  try {
    await doIt();
    return true;
  } catch (error) {
    driveFailure.value = driveRefusal(error);
    return false;
  } finally {
    driveActs.value = false;
  }
}
