import { z } from 'zod';

/** One image in the storage; `size` in bytes, `mod_ts` in s since the epoch. */
export const msdImage = z.object({
  complete: z.boolean(),
  removable: z.boolean(),
  writable: z.boolean(),
  size: z.number(),
  mod_ts: z.number(),
});
export type MsdImage = z.infer<typeof msdImage>;

const transfer = z.object({ name: z.string(), size: z.number(), written: z.number() });

/** One partition of the storage by its prefix; sizes in bytes. */
export const msdPart = z.object({ size: z.number(), free: z.number(), writable: z.boolean() });

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
      downloading: transfer.nullable(),
      uploading: transfer.nullable(),
    })
    .nullable(),
  /** null while the drive is offline. */
  drive: z
    .object({
      image: msdImage.extend({ name: z.string(), in_storage: z.boolean() }).nullable(),
      connected: z.boolean(),
      cdrom: z.boolean(),
      rw: z.boolean(),
    })
    .nullable(),
});
export type MsdState = z.infer<typeof msdState>;
