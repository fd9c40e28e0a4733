/**
 * A master boot record with one partition, as a BIOS, UEFI and every system read it (UEFI
 * Specification 2.10, 5.2):
 *
 *   0    440  boot code, none here
 *   440    4  id of the disk, little endian
 *   446   16  the partition; three more of 16 bytes are empty
 *   510    2  55 AA
 *
 *   status  CHS of the first sector  type  CHS of the last  first sector, LBA  sectors
 *     1              3                1          3                 4              4
 */

export const SECTOR_BYTES = 512;
/** FAT32 that is addressed by LBA. */
export const TYPE_FAT32_LBA = 0x0c;

const ID_AT = 440;
const PARTITION_AT = 446;
const SIGNATURE_AT = 510;
const MAX_U32 = 0xffff_ffff;
/** What everybody assumes of a disk of more than 500 MB. */
const HEADS = 255;
const SECTORS_PER_TRACK = 63;
const MAX_CYLINDER = 1023;

/** One partition, in sectors of 512 bytes. */
export interface MbrPartition {
  readonly type: number;
  readonly firstSector: number;
  readonly sectors: number;
}

/** The first sector of a disk. Throws RangeError for what 32 bits cannot name: disks above 2 TiB. */
export function masterBootRecord(
  { type, firstSector, sectors }: MbrPartition,
  diskId: number,
): Uint8Array {
  const lastSector = firstSector + sectors - 1;
  if (firstSector < 1 || sectors < 1 || lastSector > MAX_U32) {
    throw new RangeError(`No partition of an MBR has the sectors ${firstSector} to ${lastSector}`);
  }
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(ID_AT, diskId, true);
  bytes.set(chs(firstSector), PARTITION_AT + 1);
  bytes[PARTITION_AT + 4] = type;
  bytes.set(chs(lastSector), PARTITION_AT + 5);
  view.setUint32(PARTITION_AT + 8, firstSector, true);
  view.setUint32(PARTITION_AT + 12, sectors, true);
  bytes.set([0x55, 0xaa], SIGNATURE_AT);
  return bytes;
}

/** Head, sector with the upper bits of the cylinder, cylinder; FE FF FF where those do not reach. */
function chs(lba: number): readonly number[] {
  const cylinder = Math.floor(lba / (HEADS * SECTORS_PER_TRACK));
  if (cylinder > MAX_CYLINDER) return [0xfe, 0xff, 0xff];
  const head = Math.floor(lba / SECTORS_PER_TRACK) % HEADS;
  const sector = (lba % SECTORS_PER_TRACK) + 1;
  return [head, sector | ((cylinder >> 2) & 0xc0), cylinder & 0xff];
}
