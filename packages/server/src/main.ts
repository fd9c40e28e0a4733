#!/usr/bin/env node
import { HELP } from './cli/help.ts';
import type { CliIo } from './cli/io.ts';
import { collectGarbageLess } from './platform/heap.ts';

/** Starts one command; what it needs is imported only then. */
async function main([command, ...argv]: readonly string[]): Promise<number> {
  const io: CliIo = process;
  switch (command) {
    case 'run':
      if (argv.includes('--help') || argv.includes('-h')) break;
      collectGarbageLess();
      return (await import('./cli/run.ts')).runCommandLine(argv, io);
    case 'latency':
      return (await import('./cli/latency.ts')).latencyCommand(argv, io);
    case 'config':
      return (await import('./cli/config.ts')).configCommand(argv, io);
    case 'htpasswd':
    case 'totp': {
      const { commandFiles } = await import('./cli/paths.ts');
      const { rest, ...files } = await commandFiles(argv);
      const { stdin, stdout, stderr } = process;
      const all = { stdin, stdout, stderr, ...files };
      return command === 'htpasswd'
        ? (await import('./cli/htpasswd.ts')).htpasswdCommand(rest, all)
        : (await import('./cli/totp.ts')).totpCommand(rest, all);
    }
    case 'nginx': {
      const { commandFiles } = await import('./cli/paths.ts');
      const { rest, config, stateDir } = await commandFiles(argv);
      const { stdin, stdout, stderr } = process;
      const all = { stdin, stdout, stderr, config, stateDir };
      return (await import('./cli/nginx.ts')).nginxCommand(rest, all);
    }
    case 'doctor':
      return (await import('./cli/doctor/doctor.ts')).doctorCommand(argv, io);
    case 'edid': {
      const { commandFiles } = await import('./cli/paths.ts');
      const { rest, config } = await commandFiles(argv);
      const { stdin, stdout, stderr } = process;
      return (await import('./cli/edid.ts')).edidCommand(rest, { stdin, stdout, stderr, config });
    }
    case 'otg': {
      const { commandFiles } = await import('./cli/paths.ts');
      const { rest, config } = await commandFiles(argv);
      const { kernelGadgets } = await import('./drivers/linux/gadget/gadget-system.ts');
      const { stdin, stdout, stderr } = process;
      const all = { stdin, stdout, stderr, config, system: kernelGadgets, signal: untilSignal() };
      return (await import('./cli/otg.ts')).otgCommand(rest, all);
    }
    case 'image': {
      const { commandFiles } = await import('./cli/paths.ts');
      const { rest, config, stateDir } = await commandFiles(argv);
      const { stdin, stdout, stderr } = process;
      const all = { stdin, stdout, stderr, config, stateDir, signal: untilSignal() };
      return (await import('./cli/image.ts')).imageCommand(rest, all);
    }
    case 'nbdfuse': {
      const { stdin, stdout, stderr } = process;
      const all = { stdin, stdout, stderr, signal: untilSignal() };
      return (await import('./cli/nbdfuse.ts')).nbdfuseCommand(argv, all);
    }
    case 'version':
    case '--version':
      io.stdout.write(`crashcart ${(await import('./version.ts')).VERSION}\n`);
      return 0;
    case undefined:
    case 'help':
    case '-h':
    case '--help':
      break;
    default:
      io.stderr.write(`There is no command "${command}". \`crashcart help\` lists them.\n`);
      return 2;
  }
  io.stdout.write(HELP);
  return 0;
}

/** Aborts when the process is asked to end; the command then ends by itself. */
function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new Error(`Ended by ${name}`)));
  }
  return controller.signal;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Its message is for the operator; a stack only helps where there is no message.
  process.stderr.write(`${error instanceof Error ? error.message || error.stack : error}\n`);
  process.exitCode = 1;
}
