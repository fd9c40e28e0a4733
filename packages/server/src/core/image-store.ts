import type { MsdCompression, MsdImage, MsdPart } from '@crashcart/api';
import type { ReadonlyCell, Unsubscribe } from './state.ts';

/** What a storage of images holds; names have `/` between folders. */
export interface ImageStoreState {
  readonly images: Readonly<Record<string, MsdImage>>;
  /** By folder, '' = the storage itself; others are file systems of their own within it. */
  readonly parts: Readonly<Record<string, MsdPart>>;
}

/** An image on its way into the storage: listed as incomplete until it is finished. */
export interface ImageWriter {
  /** Takes the next bytes; resolves when more may come. Throws MsdStorageFullError. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the image is safely on disk under its name. Throws MsdImageExistsError. */
  finish(): Promise<void>;
  /** Ends it unfinished; unless it is kept, nothing of it stays. */
  abandon(options: { readonly keep: boolean }): Promise<void>;
}

/** An image on its way out. */
export interface ImageReader {
  /** Bytes. */
  readonly size: number;
  /** Exactly `size` bytes, once; throws when the file has become shorter. Its end closes it. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Closes it where nobody reads; twice is fine. */
  close(): Promise<void>;
}

/** Who else uses an image: readers share it, a writer has it alone. */
export type ImageUse = 'read' | 'write';

/** Images in a directory that people may also change by hand; several machines may share it. */
export interface ImageStore {
  /** Fresh as soon as one of our acts resolves, and soon after somebody else's. */
  readonly state: ReadonlyCell<ImageStoreState>;
  /** Absolute path of the file; for an incomplete image that of what there is of it. */
  pathOf(name: string): string;
  /** The name of a file of this storage, whether it is there or not; undefined for others. */
  nameOf(path: string): string | undefined;
  /** Keeps an image from being removed, or used otherwise. Throws MsdIsBusyError when it is. */
  hold(name: string, use: ImageUse): Unsubscribe;
  /**
   * Lets a machine write to what it has, until the result is called: the file system may be
   * read-only otherwise. Throws MsdStorageReadOnlyError.
   */
  makeWritable(): Promise<Unsubscribe>;
  /**
   * Begins an image of `size` bytes; an incomplete one of this name goes. Throws
   * MsdImageExistsError, MsdStorageFullError, MsdIsBusyError.
   */
  create(name: string, size: number): Promise<ImageWriter>;
  /** Throws MsdUnknownImageError, MsdIsBusyError, MsdLinkError. */
  open(name: string): Promise<ImageReader>;
  /** Throws MsdUnknownImageError, MsdIsBusyError. */
  remove(name: string): Promise<void>;
}

/** An image that is to be used where it is. */
export interface LinkRequest {
  /** Web, NBD, sftp or smb; it may hold a password. */
  readonly url: string;
  readonly prefix: string;
  /** Empty = as it is called there. */
  readonly image: string;
  /** Whatever the certificate or the key of its host says. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** Images that are not copied: they are read from their sources when a machine reads them. */
export interface ImageLinks {
  /**
   * Lists an image, after a look whether it can be read in parts. Throws MsdLinkError,
   * MsdImageExistsError, and what `OpenRemoteImage` throws.
   */
  link(request: LinkRequest): Promise<{ readonly name: string; readonly size: number }>;
  /** Looks whether the source of an image is there, if it is a linked one. Throws MsdLinkError. */
  check(name: string): Promise<void>;
  /** Fails the machine that reads a linked image, until the next `check`; others go on. */
  giveUp(name: string): void;
}

/** How to ask a remote for an image. */
export interface RemoteImageOptions {
  /** How long the remote may be silent, ms. */
  readonly timeoutMs: number;
  /** Whatever its certificate says. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** An image that a remote has begun to send. */
export interface RemoteImage {
  /** What the remote calls it, or the end of its URL; it has passed no check. */
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** Exactly `size` bytes, once. Throws ClientPayloadError, ServerTimeoutError. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Lets go of the remote; twice is fine. */
  close(): void;
}

/**
 * Asks a remote for an image. Throws ClientConnectorError, ClientResponseError, ClientPayloadError,
 * ServerTimeoutError, TooManyRedirects.
 */
export type OpenRemoteImage = (url: string, options: RemoteImageOptions) => Promise<RemoteImage>;

/**
 * Packs what comes in. Resolves when it can; throws UnavailableError when this host lacks the
 * program. Ends early with `signal`.
 */
export type PackImage = (
  compression: Exclude<MsdCompression, 'none'>,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => Promise<AsyncIterable<Uint8Array>>;
