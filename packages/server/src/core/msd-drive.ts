import type { MsdState } from '@crashcart/api';
import type { ImageStore } from './image-store.ts';
import type { MsdMedium } from './msd-driver.ts';

/** What a person chose for the drive; it counts while nothing is in. */
export interface MsdSelection {
  /** '' = none. */
  readonly image: string;
  readonly cdrom: boolean;
  readonly rw: boolean;
}

/** What a new drive has. */
export const NOTHING_SELECTED: MsdSelection = { image: '', cdrom: true, rw: false };

type Drive = NonNullable<MsdState['drive']>;
type DriveImage = NonNullable<Drive['image']>;

/** The drive as the wire has it: what is in, else what would be. */
export function driveState(
  medium: MsdMedium | undefined,
  selection: MsdSelection,
  images: ImageStore,
): Drive {
  if (medium) {
    const { cdrom, rw } = medium;
    return { image: imageOf(medium, images), connected: true, cdrom, rw };
  }
  const { image, cdrom, rw } = selection;
  return { image: stored(image, images) ?? null, connected: false, cdrom, rw };
}

function stored(name: string, { state }: ImageStore): DriveImage | undefined {
  const { images } = state.value;
  const image = Object.hasOwn(images, name) ? images[name] : undefined;
  return image && { name, in_storage: true, ...image };
}

function imageOf({ source, rw }: MsdMedium, images: ImageStore): DriveImage {
  const name = images.nameOf(source);
  const found = name === undefined ? undefined : stored(name, images);
  if (found) return found;
  return {
    name: name ?? source,
    in_storage: false,
    // Of a foreign image we cannot know; one of ours has been deleted.
    complete: name === undefined,
    removable: false,
    writable: rw,
    size: 0,
    mod_ts: 0,
  };
}
