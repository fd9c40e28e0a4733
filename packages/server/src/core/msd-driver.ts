import type { ReadonlyCell } from './state.ts';

/** What is put into the virtual drive. */
export interface MsdMedium {
  /** Absolute path of the image, or the URL of a remote one. */
  readonly source: string;
  /** A CD-ROM; else a flash drive. */
  readonly cdrom: boolean;
  /** Whether the machine may write; never with a CD-ROM. */
  readonly rw: boolean;
}

/** What a drive knows of itself. */
export interface MsdDriverState {
  /** Whether the machine has a drive that can be used now. */
  readonly online: boolean;
  /** What the machine has in the drive, also when an earlier server put it there. */
  readonly medium: MsdMedium | undefined;
}

/**
 * The virtual drive of a machine, raw: which images there are and who may change them is `Msd`'s.
 * One act at a time; each resolves when the machine has seen it, and leaves the drive as it was
 * when it fails.
 */
export interface MsdDriver extends AsyncDisposable {
  readonly enabled: boolean;
  readonly state: ReadonlyCell<MsdDriverState>;
  /** Puts the medium in, in the place of another. */
  insert(medium: MsdMedium): Promise<void>;
  /** Takes the medium out, even when the machine has locked the tray. */
  eject(): Promise<void>;
  /** Ejects by force and starts the drive anew. */
  reset(): Promise<void>;
}
