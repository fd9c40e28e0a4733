import { parseArgs } from 'node:util';
import { dumpConfig } from '../config/dump.ts';
import { formatFinding, formatUnsupported } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import { configJsonSchema } from '../config/schema.ts';
import { listFiles, readText } from '../platform/files.ts';
import { type CliIo, runCommand, UsageError } from './io.ts';
import { configSources } from './paths.ts';

const USAGE =
  'crashcart config check|dump|schema [--config FILE] [--pikvm-config FILE] [-M, --changes]  (dump: only changes)';

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
    const { config, warnings, unsupported } = await loadConfig(where, { readText, listFiles });
    io.stderr.write(formatUnsupported(unsupported));
    for (const warning of warnings) io.stderr.write(`${formatFinding(warning)}\n`);
    io.stdout.write(command === 'check' ? 'ok\n' : dumpConfig(config, values.changes ?? false));
    return 0;
  });
}
