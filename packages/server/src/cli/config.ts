import { parseArgs } from 'node:util';
import { dumpConfig } from '../config/dump.ts';
import { formatFinding, formatUnsupported } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import { configJsonSchema } from '../config/schema.ts';
import { listFiles, readText } from '../platform/files.ts';
import { type CliIo, runCommand, UsageError } from './io.ts';
import { configSources } from './paths.ts';

const USAGE = `Usage: crashcart config check|dump|schema [--config FILE] [--pikvm-config FILE]

  dump -M, --changes  only what is not the default
  dump --origin       behind each value where it is from: file and line, platform or command line
  --platform NAME     presets of this hardware, as \`platform\` of the configuration`;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        'pikvm-config': { type: 'string' },
        all: { type: 'boolean', short: 'm' },
        changes: { type: 'boolean', short: 'M' },
        origin: { type: 'boolean' },
        platform: { type: 'string' },
      },
    });
  } catch {
    throw new UsageError(USAGE);
  }
}

/** `crashcart config`: checks or prints the configuration, or prints its JSON Schema. */
export function configCommand(argv: readonly string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { positionals, values } = parse(argv);
    const [command, ...rest] = positionals;
    if (rest.length > 0 || !command || !['check', 'dump', 'schema'].includes(command)) {
      throw new UsageError(USAGE);
    }
    if (command === 'schema') {
      io.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
      return 0;
    }
    const where = configSources(values.config, values['pikvm-config']);
    const { platform } = values;
    const sources = { ...where, flags: { platform } };
    const loaded = await loadConfig(sources, { readText, listFiles });
    io.stderr.write(formatUnsupported(loaded.unsupported));
    for (const warning of loaded.warnings) io.stderr.write(`${formatFinding(warning)}\n`);
    const { changes: onlyChanges = false, origin } = values;
    const shown = { onlyChanges, ...(origin ? { origin: loaded.tree } : {}) };
    io.stdout.write(command === 'check' ? 'ok\n' : dumpConfig(loaded.config, shown));
    return 0;
  });
}
