import { z } from 'zod';
import { json, lines, operation, optional, required, stream, withDefault } from '../contract.ts';
import { ValidatorError } from '../errors.ts';
import { boolOr, optionalBool, requiredBool } from '../params.ts';
import { msdState, msdUpload } from '../states/msd.ts';
import * as valid from '../validators.ts';

const nothing = z.object({});

/** How an image can be packed on its way out. */
export const MSD_COMPRESSIONS = ['none', 'lzma', 'zstd'] as const;
export type MsdCompression = (typeof MSD_COMPRESSIONS)[number];

/** Longest name of a folder or file, bytes of UTF-8: the store adds to it while it is written. */
const MAX_PART_BYTES = 240;
/** What no name may hold: all that is no printable character. U+FFFD stands for broken UTF-8. */
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

const strippedText = valid.text('stripped string', /^/);
const utf8 = new TextEncoder();

/**
 * The name of an image: folders and a file separated by `/`, none of them hidden. Unprintable
 * characters become `_`, as in PiKVM.
 */
export const imageName: valid.Validator<string> = (raw) => {
  const given = strippedText(raw);
  const parts = given.split('/').filter((part) => part !== '');
  if (parts.length === 0) throw invalidName(given);
  return parts.map(namePart).join('/');
};

function namePart(raw: string): string {
  const part = raw.trim().replace(UNPRINTABLE, '_');
  if (part === '' || part.startsWith('.') || part === 'lost+found' || part.includes('\ufffd')) {
    throw invalidName(part);
  }
  if (utf8.encode(part).length > MAX_PART_BYTES) {
    throw new ValidatorError(`The name '${part}' is longer than ${MAX_PART_BYTES} bytes`);
  }
  return part;
}

function invalidName(shown: string): ValidatorError {
  return new ValidatorError(`The argument '${shown}' is not a valid MSD image name`);
}

/** The name of an image below a folder; an empty prefix is the top. */
export function imageNameIn(prefix: string, image: string): string {
  return imageName(`${prefix}/${image}`);
}

/** Whether this names an image elsewhere. */
export function isImageUrl(text: string): boolean {
  return SCHEME.test(text);
}

/** An image to select: its name, a URL, or empty for none. */
const selectedImage: valid.Validator<string> = (raw) => {
  const text = strippedText(raw);
  return text === '' || isImageUrl(text) ? text : imageName(text);
};

const URL_NAME = 'HTTP(S) URL';

/** A URL of http or https. */
export const httpUrl: valid.Validator<string> = (raw) => {
  const text = valid.text(URL_NAME, /^https?:\/\/[^\s/]/i, { limit: 4096 })(raw);
  if (!URL.canParse(text)) {
    throw new ValidatorError(`The argument '${text}' is not a valid ${URL_NAME}`);
  }
  return text;
};

const LINK_URL_NAME = 'URL of an image';

/** A URL of something that gives parts of a file: http, https, nbd, nbds, nbd+unix, sftp, smb. */
export const linkUrl: valid.Validator<string> = (raw) => {
  const scheme = /^(https?|nbds?|sftp|smb):\/\/[^\s/]|^nbd\+unix:\/\/\//i;
  const text = valid.text(LINK_URL_NAME, scheme, { limit: 4096, secret: true })(raw);
  // It may hold a password, so it is not repeated.
  if (!URL.canParse(text)) throw new ValidatorError(`This is not a valid ${LINK_URL_NAME}`);
  return text;
};

/** The number of bytes that an upload announces. */
export const imageSize = valid.int({ min: 0 });

const prefix = withDefault(
  strippedText,
  '',
  z.string(),
  'Folder in the storage, made when missing',
);
const removeIncomplete = boolOr(false, 'Leave nothing behind when the image does not come whole');
const image = required(imageName, z.string(), 'Name of the image, with its folders');
const compression = valid.oneOf('Compression mode', MSD_COMPRESSIONS);

export const state = operation({
  method: 'GET',
  path: '/msd',
  summary: 'The state of the virtual drive and its storage',
  permission: 'view',
  answer: json(msdState),
});

export const setParams = operation({
  method: 'POST',
  path: '/msd/set_params',
  summary: 'Chooses the image and how the drive shows it; only while it is not connected',
  permission: 'media',
  params: {
    image: optional(selectedImage, z.string(), 'Name of the image; empty for none'),
    cdrom: optionalBool('A CD-ROM; else a flash drive'),
    rw: optionalBool('The machine may write; never to a CD-ROM or an .iso'),
  },
  answer: json(nothing),
  errors: [
    'MsdDisabledError',
    'MsdIsBusyError',
    'MsdConnectedError',
    'MsdUnknownImageError',
    'MsdRemoteDisabledError',
    'MsdLinkError',
  ],
});

export const setConnected = operation({
  method: 'POST',
  path: '/msd/set_connected',
  summary: 'Puts the chosen image into the machine, or takes it out',
  permission: 'media',
  params: { connected: requiredBool('In the machine or not') },
  answer: json(nothing),
  errors: [
    'MsdDisabledError',
    'MsdIsBusyError',
    'MsdOfflineError',
    'MsdConnectedError',
    'MsdDisconnectedError',
    'MsdImageNotSelected',
    'MsdUnknownImageError',
    'MsdLinkError',
  ],
});

const writeErrors = [
  'MsdDisabledError',
  'MsdIsBusyError',
  'MsdConnectedError',
  'MsdImageExistsError',
  'MsdStorageFullError',
  'MsdStorageReadOnlyError',
] as const;

export const write = operation({
  method: 'POST',
  path: '/msd/write',
  summary: 'Uploads an image; the length of the body must be told (Content-Length)',
  permission: 'media',
  body: 'binary',
  params: {
    prefix,
    image: required(strippedText, z.string(), 'Name of the image; it may hold folders'),
    remove_incomplete: removeIncomplete,
  },
  answer: json(z.object({ image: msdUpload })),
  errors: [...writeErrors, 'MsdUploadBrokenError'],
});

export const writeRemote = operation({
  method: 'POST',
  path: '/msd/write_remote',
  summary: 'Fetches an image from a web server; a line of progress about once a second',
  permission: 'media',
  params: {
    url: required(httpUrl, z.string(), 'Where the image is, http or https'),
    prefix,
    image: withDefault(strippedText, '', z.string(), 'Its name; as the remote calls it if empty'),
    timeout: withDefault(
      valid.float({ min: 0.1 }),
      10,
      z.number().min(0.1),
      'How long the remote may be silent, s',
    ),
    insecure: boolOr(false, 'Do not check the certificate of the remote'),
    remove_incomplete: removeIncomplete,
  },
  answer: lines(z.object({ image: msdUpload })),
  errors: [
    ...writeErrors,
    'ClientConnectorError',
    'ClientPayloadError',
    'ClientResponseError',
    'ServerTimeoutError',
    'TooManyRedirects',
  ],
});

export const link = operation({
  method: 'POST',
  path: '/msd/link',
  summary: 'Lists an image that stays where it is and is read from there',
  permission: 'media',
  // Not in the query: it may hold a password, and proxies log queries.
  body: 'form',
  params: {
    url: required(
      linkUrl,
      z.string(),
      'Where the image is: http(s), nbd(s), nbd+unix, sftp or smb',
    ),
    prefix,
    image: withDefault(strippedText, '', z.string(), 'Its name; as it is called there if empty'),
    insecure: boolOr(false, 'Do not check the certificate or the key of its host'),
  },
  answer: json(z.object({ image: z.object({ name: z.string(), size: z.number() }) })),
  errors: [
    'MsdDisabledError',
    'MsdIsBusyError',
    'MsdImageExistsError',
    'MsdLinkError',
    'ClientConnectorError',
    'ClientPayloadError',
    'ClientResponseError',
    'ServerTimeoutError',
    'TooManyRedirects',
  ],
});

export const read = operation({
  method: 'GET',
  path: '/msd/read',
  summary: 'Downloads an image, as it is or packed (.xz, .zst)',
  permission: 'media',
  params: {
    image,
    compress: withDefault(
      // Empty means none, too.
      (raw) => (raw === '' ? 'none' : compression(raw)),
      'none',
      z.enum(MSD_COMPRESSIONS),
      'How to pack it',
    ),
  },
  answer: stream('application/octet-stream'),
  errors: [
    'MsdDisabledError',
    'MsdIsBusyError',
    'MsdConnectedError',
    'MsdUnknownImageError',
    'MsdLinkError',
    'UnavailableError',
  ],
});

export const remove = operation({
  method: 'POST',
  path: '/msd/remove',
  summary: 'Removes an image from the storage',
  permission: 'media',
  params: { image },
  answer: json(nothing),
  errors: [
    'MsdDisabledError',
    'MsdIsBusyError',
    'MsdConnectedError',
    'MsdUnknownImageError',
    'MsdStorageReadOnlyError',
  ],
});

export const reset = operation({
  method: 'POST',
  path: '/msd/reset',
  summary: 'Takes the image out, by force if need be, and starts the drive anew',
  permission: 'media',
  answer: json(nothing),
  errors: ['MsdDisabledError', 'MsdIsBusyError', 'MsdOfflineError'],
});
