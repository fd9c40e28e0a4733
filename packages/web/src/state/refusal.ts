import { RefusedError, UnreachableError } from '../api.ts';
import { isAllowedPart } from '../drive/images.ts';
import { bytesText } from './units.ts';

/** What a person can do about a refusal with one press. */
export type Remedy = 'retry' | 'rename' | 'replace' | 'eject' | 'none';

/** Why something with the drive was refused, and the one next step. */
export interface Refusal {
  /** What is so, and what to do. */
  readonly text: string;
  readonly remedy: Remedy;
}

const no = (remedy: Remedy, text: string): Refusal => ({ remedy, text });

const BAD_NAME = no(
  'rename',
  'The name is not allowed: it is hidden (begins with a dot), taken by the system or too long. ' +
    'Save it under another name.',
);
const EXISTS = no('rename', 'There is an image of this name already. Keep both under two names.');
const FULL = no('retry', 'The disk is full. Remove images that you no longer need.');

/** What the names on the wire mean to a person. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  MsdDisabledError: no('none', 'This machine has no drive. Set up `msd` to use it.'),
  MsdOfflineError: no(
    'retry',
    'The drive is not there. Switch the machine on, or reset the drive.',
  ),
  MsdIsBusyError: no('retry', 'The drive is busy. Try again when that is done.'),
  MsdConnectedError: no('eject', 'Images cannot be changed while one is in the drive. Eject it.'),
  MsdDisconnectedError: no('none', 'The drive is empty already.'),
  MsdImageNotSelected: no('none', 'No image is chosen. Choose one from the list.'),
  MsdUnknownImageError: no('none', 'The image is gone. Choose another one from the list.'),
  MsdImageExistsError: EXISTS,
  MsdRemoteDisabledError: no('none', 'Images elsewhere cannot be used. Download the image first.'),
  MsdUploadBrokenError: no('retry', 'The image did not come whole. Try again.'),
  MsdStorageFullError: FULL,
  MsdStorageReadOnlyError: no('none', 'This folder cannot be written. Choose another folder.'),
  FileChangedError: no('none', 'The file was changed or removed meanwhile. Choose it again.'),
  MsdDriveError: no('retry', 'The machine did not do it. Reset the drive and try again.'),
  ClientConnectorError: no(
    'retry',
    'The other server was not reached. Check the address, then try again.',
  ),
  ClientPayloadError: no('retry', 'The other server broke off in the middle. Try again.'),
  ServerTimeoutError: no('retry', 'The other server went silent. Try again.'),
  TooManyRedirects: no('none', 'The address leads round in a circle. Check it.'),
};

/** Why the drive said no, for a person. */
export function driveRefusal(error: unknown): Refusal {
  if (error instanceof UnreachableError) {
    return no('retry', 'The server was not reached. Try again.');
  }
  if (!(error instanceof RefusedError)) {
    return no('retry', 'Something unexpected happened. Try again.');
  }
  const known = REFUSALS[error.name];
  if (known !== undefined) return known;
  if (error.name === 'MsdLinkError') return noLink(error.message);
  if (error.name === 'ValidatorError') return invalid(error.message);
  if (error.name === 'ClientResponseError') return noImageThere(error.message);
  if (error.status === 401) return no('none', 'Your session ended. Log in again.');
  if (error.status === 403) return no('none', 'You may not use the drive.');
  if (error.status === 413 || error.status === 507) return FULL;
  return no('retry', `The server refused: ${error.message}`);
}

function invalid(message: string): Refusal {
  if (message.includes('URL')) {
    return no('none', 'This is no address. It begins with http:// or https://.');
  }
  return /name/.test(message) ? BAD_NAME : no('none', `The server refused: ${message}`);
}

/** Which of many things is so, and which package helps, only the server knows. */
function noLink(message: string): Refusal {
  return no('retry', `The image cannot be used from there. ${message.replace(/\.?$/, '.')}`);
}

/** aiohttp's text, which PiKVM passes on, begins with the status. */
function noImageThere(message: string): Refusal {
  const status = /^(\d{3})\b/.exec(message)?.[1];
  const answer = status === undefined ? '' : ` (it answers ${status})`;
  return no('retry', `The other server does not give the image${answer}. Check the address.`);
}

/** What is known of the storage before anything is sent. */
export interface StorageFacts {
  /** What has the name already. */
  readonly existing: { readonly complete: boolean } | undefined;
  /** In bytes; undefined when it is not known. */
  readonly free: number | undefined;
}

/** What the server would refuse after gigabytes were sent; undefined = nothing is foreseen. */
export function foreseenRefusal(
  name: string,
  size: number | undefined,
  { existing, free }: StorageFacts,
): Refusal | undefined {
  if (!name.split('/').every(isAllowedPart)) return BAD_NAME;
  if (existing?.complete === false) {
    return no('replace', 'A broken upload has this name. Replace it.');
  }
  if (existing !== undefined) return EXISTS;
  if (size === undefined || free === undefined || size <= free) return undefined;
  return no(
    'retry',
    `It needs ${bytesText(size)}, but only ${bytesText(free)} are free. ` +
      'Remove images that you no longer need.',
  );
}
