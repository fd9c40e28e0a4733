import { parseArgs } from 'node:util';
import type { Config } from '../config/schema.ts';
import { readEdid, writeEdid } from '../drivers/linux/edid-memory.ts';
import { readBytes, writeFileAtomic } from '../platform/files.ts';
import { editEdid } from '../protocols/edid-edit.ts';
import { EDID_PRESETS, type EdidPresetName, presetEdid } from '../protocols/edid-preset.ts';
import { edidText, readEdidFile } from '../protocols/edid-text.ts';
import { EDID_OPTIONS, type EdidValues, edidChangesOf } from './edid-args.ts';
import { describeEdid } from './edid-report.ts';
import { CliError, type CliIo, runCommand, UsageError } from './io.ts';

const USAGE = `Usage: crashcart edid show [FILE] [--json] | set | apply | clear  [OPTIONS]

What an HDMI chip tells the machine of its display. docs/capture.md

  show    describe FILE, or what the chip shows now
  set     change the file: --set-mfc-id ABC, --set-product-id N, --set-serial N, --set-monitor-name TEXT,
          --set-monitor-serial TEXT, --set-audio yes|no, --set-timing 1920x1080@60; begin anew with
          --import-preset ${EDID_PRESETS.slice(0, 6).join('|')} (also v3.1080p-by-default,
          v4plus.no-1920x1200) or with --import FILE; --apply gives it to the chip as well
  apply   give the file, or else the preset of the configuration, to the chip
  clear   let the chip show none: the machine sees no display

  -f, --edid FILE    the file (kvmd.streamer.edid.file)
  --device DEVICE    the chip (kvmd.streamer.edid.device)
  --export-hex FILE, --export-bin FILE  write what show or set have, as text or as bytes
  --config FILE, --pikvm-config FILE  of crashcart
  -h, --help         this text`;

/** An EDID in hexadecimal, with line ends and blanks. */
const MAX_FILE_BYTES = 4096;
/** Everybody may know it. */
const FILE_MODE = 0o644;

/** What the command works on. */
export interface EdidIo extends CliIo {
  readonly config: Config;
}

/** `crashcart edid …`. Resolves to 0, 1 or 2. */
export function edidCommand(argv: readonly string[], io: EdidIo): Promise<number> {
  return runCommand(io, async () => {
    const { verb, file, values } = parse(argv);
    const { device, file: configured, preset } = io.config.kvmd.streamer.edid;
    const place = {
      device: values.device ?? device,
      file: values.edid ?? file ?? configured,
      preset: preset === '' ? undefined : preset,
    };
    switch (verb) {
      case 'help':
        io.stdout.write(`${USAGE}\n`);
        return 0;
      case 'show':
        return await show(io, { ...place, named: values.edid ?? file }, values);
      case 'set':
        return await set(io, place, values);
      case 'apply':
        await writeEdid(place.device, editEdid(await ownEdid(place), {}));
        io.stdout.write(`${place.device} shows it\n`);
        return 0;
      case 'clear':
        await writeEdid(place.device, undefined);
        io.stdout.write(`${place.device} shows none\n`);
        return 0;
    }
  });
}

const VERBS = ['help', 'show', 'set', 'apply', 'clear'] as const;
type Verb = (typeof VERBS)[number];

function parse(argv: readonly string[]): {
  readonly verb: Verb;
  readonly file: string | undefined;
  readonly values: EdidValues;
} {
  let parsed: ReturnType<
    typeof parseArgs<{ options: typeof EDID_OPTIONS; allowPositionals: true }>
  >;
  try {
    parsed = parseArgs({ args: [...argv], options: EDID_OPTIONS, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
  const { positionals, values } = parsed;
  const [word, file, ...rest] = positionals;
  const verb = values.help ? 'help' : VERBS.find((each) => each === word);
  const isPlain = rest.length === 0 && (file === undefined || verb === 'show');
  if (verb === undefined || !isPlain) throw new UsageError(USAGE);
  return { verb, file, values };
}

interface Place {
  readonly device: string;
  /** '' = none. */
  readonly file: string;
  readonly preset: EdidPresetName | undefined;
}

/** The file where it exists, else the preset; throws CliError without either. */
async function ownEdid({ file, preset }: Place): Promise<Uint8Array> {
  const bytes = file === '' ? undefined : await readBytes(file, MAX_FILE_BYTES);
  if (bytes) return readEdidFile(bytes);
  if (preset) return presetEdid(preset);
  const missing = file === '' ? 'No file is named' : `There is no ${file}`;
  throw new CliError(
    `${missing}: make one by \`crashcart edid set -f FILE --import-preset v2\`, and name it in kvmd.streamer.edid.file`,
  );
}

async function show(
  { stdout }: EdidIo,
  { named, ...place }: Place & { readonly named: string | undefined },
  values: EdidValues,
): Promise<number> {
  const edid = named === undefined ? await readEdid(place.device) : await ownEdid(place);
  if (!edid) {
    stdout.write(values.json ? 'null\n' : `${place.device} shows no EDID\n`);
    return 1;
  }
  await exportTo(edid, values);
  stdout.write(describeEdid(edid, values.json ?? false));
  return 0;
}

async function set({ stdout }: EdidIo, place: Place, values: EdidValues): Promise<number> {
  const { file, device } = place;
  if (file === '') throw new CliError('Name the file: -f FILE, or kvmd.streamer.edid.file');
  const edid = editEdid(await beginning(place, values), edidChangesOf(values));
  await writeFileAtomic(file, edidText(edid), { mode: FILE_MODE });
  await exportTo(edid, values);
  stdout.write(describeEdid(edid, values.json ?? false));
  if (values.apply) await writeEdid(device, edid);
  return 0;
}

async function beginning(place: Place, values: EdidValues): Promise<Uint8Array> {
  const { import: from, 'import-preset': name } = values;
  if (name !== undefined) {
    const preset = EDID_PRESETS.find((each) => each === name);
    if (preset) return presetEdid(preset);
    throw new UsageError(`--import-preset takes one of: ${EDID_PRESETS.join(', ')}`);
  }
  return await ownEdid(from === undefined ? place : { ...place, file: from, preset: undefined });
}

async function exportTo(edid: Uint8Array, values: EdidValues): Promise<void> {
  const { 'export-hex': text, 'export-bin': bytes } = values;
  if (text !== undefined) await writeFileAtomic(text, edidText(edid), { mode: FILE_MODE });
  if (bytes !== undefined) await writeFileAtomic(bytes, edid, { mode: FILE_MODE });
}
