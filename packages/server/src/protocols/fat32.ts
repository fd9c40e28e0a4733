/** What FAT32 can hold (Microsoft's fatgen103; FAT's own names are of VFAT). Sizes in bytes. */

const MIB = 1024 * 1024;

/** Where a partition begins: what every system takes, and flash likes. */
export const PARTITION_START = MIB;
/**
 * The smallest disk with such a partition, of whole MiB: FAT32 has at least 65,525 clusters, of 512 bytes
 * at least, beside 32 sectors and two tables of 4 bytes for each.
 */
export const MIN_DISK_BYTES = 34 * MIB;
/** The biggest, of whole MiB: an MBR counts sectors of 512 bytes in 32 bits. */
export const MAX_DISK_BYTES = 2 ** 41 - MIB;
/** Its directory has 32 bits for a size. */
export const MAX_FILE_BYTES = 2 ** 32 - 1;

const MAX_NAME_UNITS = 255;
const MAX_LABEL = 11;

/** Why a file cannot have this name; undefined when it can. */
export function nameTrouble(name: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is forbidden
  const [forbidden] = /[\u0000-\u001f"*/:<>?\\|\u007f]/.exec(name) ?? [];
  if (forbidden !== undefined) return `FAT has no ${JSON.stringify(forbidden)} in names`;
  if (/[. ]$/.test(name)) return 'FAT has no names that end with a dot or a blank';
  if (name.includes('\ufffd')) return 'it is not UTF-8';
  return name.length > MAX_NAME_UNITS ? 'it is too long for FAT' : undefined;
}

/** Two names of a folder are one for FAT when these are the same. */
export function nameKey(name: string): string {
  return name.toUpperCase();
}

/** The label of a file system as it is kept; undefined when it cannot be one. */
export function labelFrom(text: string): string | undefined {
  const label = text.trim().toUpperCase();
  return new RegExp(`^[A-Z0-9 !#$%&'()@^_\`{}~-]{1,${MAX_LABEL}}$`).test(label) ? label : undefined;
}
