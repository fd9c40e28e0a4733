import { z } from 'zod';

/** How the source of a linked image is: away and tried again, another image now, or refusing. */
const MSD_LINK_STATES = ['online', 'retrying', 'changed', 'gone'] as const;

/** Where an image is that is used without copying it; of ours, PiKVM has no such thing. */
const msdLink = z.object({
  /** Without user, password and, of a web address, query. */
  url: z.string(),
  state: z.enum(MSD_LINK_STATES),
  /** s since the epoch; null while it is online. */
  since: z.number().nullable(),
  /** In words; empty while it is online. */
  reason: z.string(),
});

/** One image in the storage; `size` in bytes, `mod_ts` in s since the epoch. */
export const msdImage = z.object({
  complete: z.boolean(),
  removable: z.boolean(),
  writable: z.boolean(),
  size: z.number(),
  mod_ts: z.number(),
  link: msdLink.optional(),
});
export type MsdImage = z.infer<typeof msdImage>;

/** An image on its way in; sizes in bytes. */
export const msdUpload = z.object({ name: z.string(), size: z.number(), written: z.number() });
export type MsdUpload = z.infer<typeof msdUpload>;

/** An image on its way out; sizes in bytes, before packing. */
const msdDownload = z.object({ name: z.string(), size: z.number(), readed: z.number() });
export type MsdDownload = z.infer<typeof msdDownload>;

/** One partition of the storage by its prefix; sizes in bytes. */
export const msdPart = z.object({ size: z.number(), free: z.number(), writable: z.boolean() });
export type MsdPart = z.infer<typeof msdPart>;

/** The mass storage part as the wire has it: GET /msd and the `msd` event. */
export const msdState = z.object({
  enabled: z.boolean(),
  online: z.boolean(),
  busy: z.boolean(),
  /** null while the storage is offline. */
  storage: z
    .object({
      images: z.record(z.string(), msdImage),
      parts: z.record(z.string(), msdPart),
      downloading: msdDownload.nullable(),
      uploading: msdUpload.nullable(),
    })
    .nullable(),
  /** null while the drive is offline. */
  drive: z
    .object({
      /** One that was deleted while it is in the drive is neither complete nor in the storage. */
      image: msdImage.extend({ name: z.string(), in_storage: z.boolean() }).nullable(),
      connected: z.boolean(),
      cdrom: z.boolean(),
      rw: z.boolean(),
    })
    .nullable(),
});
export type MsdState = z.infer<typeof msdState>;
