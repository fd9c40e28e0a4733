// What a native library asks of its surroundings, as `readelf --dynamic --version-info` tells it (ELF
// specification, Figures 1-3, 2-1 and 2-9; the versions of symbols are of the LSB, 10.7).

const DYNAMIC = 2;
const LOAD = 1;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_VERNEED = 0x6ffffffe;

/** Where the fields are, by EI_CLASS: of the file, of a program header, and sizes. */
const LAYOUTS = {
  1: { phoff: 28, phentsize: 42, offset: 4, vaddr: 8, filesz: 16, word: 4 },
  2: { phoff: 32, phentsize: 54, offset: 8, vaddr: 16, filesz: 32, word: 8 },
};

/** Whether these bytes are ELF. */
export function isElf(bytes) {
  return bytes.subarray(0, 4).toString('latin1') === '\x7fELF';
}

/**
 * `machine` (e_machine), the libraries that are `needed`, by soname, and the `versions` of symbols that
 * they must have, e.g. `GLIBC_2.30`. Throws for what is no little-endian ELF with a dynamic section.
 */
export function readElf(bytes) {
  const layout = LAYOUTS[bytes[4]];
  if (!isElf(bytes) || bytes[5] !== 1 || !layout) throw new Error('This is no little-endian ELF');
  const word = (at) =>
    Number(layout.word === 8 ? bytes.readBigUInt64LE(at) : bytes.readUInt32LE(at));
  const size = bytes.readUInt16LE(layout.phentsize);
  const headers = Array.from({ length: bytes.readUInt16LE(layout.phentsize + 2) }, (_, index) => {
    const at = word(layout.phoff) + index * size;
    const [offset, vaddr, filesz] = ['offset', 'vaddr', 'filesz'].map((name) =>
      word(at + layout[name]),
    );
    return { type: bytes.readUInt32LE(at), offset, vaddr, filesz };
  });
  const place = (address) => {
    const segment = headers.find(
      ({ type, vaddr, filesz }) => type === LOAD && address >= vaddr && address < vaddr + filesz,
    );
    if (!segment) throw new Error(`The address ${address} is in no segment`);
    return address - segment.vaddr + segment.offset;
  };
  const dynamic = headers.find(({ type }) => type === DYNAMIC);
  if (!dynamic) throw new Error('This ELF has no dynamic section');
  const entries = Array.from({ length: dynamic.filesz / (2 * layout.word) }, (_, index) => {
    const at = dynamic.offset + index * 2 * layout.word;
    return [word(at), word(at + layout.word)];
  });
  const find = (tag) => entries.find(([name]) => name === tag)?.[1];
  const strings = place(find(DT_STRTAB));
  const text = (offset) =>
    bytes.toString('latin1', strings + offset, bytes.indexOf(0, strings + offset));
  const verneed = find(DT_VERNEED);
  return {
    machine: bytes.readUInt16LE(18),
    needed: entries.filter(([tag]) => tag === DT_NEEDED).map(([, offset]) => text(offset)),
    versions: verneed === undefined ? [] : neededVersions(bytes, place(verneed)).map(text),
  };
}

/** Where the names of the versions are: lists of Vernaux in a list of Verneed, each with its next. */
function neededVersions(bytes, first) {
  const names = [];
  for (let need = first, next = 1; next > 0; need += next) {
    next = bytes.readUInt32LE(need + 12);
    for (let aux = need + bytes.readUInt32LE(need + 8), step = 1; step > 0; aux += step) {
      step = bytes.readUInt32LE(aux + 12);
      names.push(bytes.readUInt32LE(aux + 8));
    }
  }
  return names;
}
