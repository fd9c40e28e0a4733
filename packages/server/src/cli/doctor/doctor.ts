import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { queryDvSignal } from '../../drivers/linux/dv-signal.ts';
import { inspectVideo } from '../../drivers/linux/video-node.ts';
import { writeNewFile } from '../../platform/files.ts';
import { CliError, type CliIo, runCommand, UsageError } from '../io.ts';
import type { Box } from './box.ts';
import { type DoctorFinding, judge } from './findings.ts';
import { type ProbeOptions, probeBox } from './probe.ts';
import { installedPackages, installedPrograms } from './probe-programs.ts';
import { type Proposal, proposeConfig } from './proposal.ts';

const USAGE = `Usage: crashcart doctor [--json] [--write FILE] [--user NAME]

Says what this computer has to manage another one, what is missing and how to get it, and proposes
a configuration. It changes nothing; run it as root to see all. Ends with 1 when something is missing.

  --write FILE  write the proposed configuration; a file that is there is left alone
  --user NAME   the user of the service (crashcart)
  --json        for programs`;

const OPTIONS = {
  json: { type: 'boolean' },
  write: { type: 'string' },
  user: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** This computer. */
const HERE: Omit<ProbeOptions, 'user'> = {
  root: '/',
  programs: installedPrograms,
  packages: installedPackages,
  videos: {
    signalOf: queryDvSignal,
    formatsOf: async (node) => (await inspectVideo(node))?.formats ?? [],
  },
};

/** `crashcart doctor`. Resolves to 0, 1 or 2. */
export function doctorCommand(
  argv: readonly string[],
  io: CliIo,
  computer: Omit<ProbeOptions, 'user'> = HERE,
): Promise<number> {
  return runCommand(io, async () => {
    const { help, json, write, user = 'crashcart' } = parse(argv);
    if (help) {
      io.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const box = await probeBox({ ...computer, user });
    const findings = judge(box);
    const proposal = proposeConfig(box);
    io.stdout.write(json ? jsonOf(box, findings, proposal) : textOf(findings, proposal));
    if (write !== undefined) await writeProposal(write, proposal);
    return findings.some(({ level }) => level === 'missing') ? 1 : 0;
  });
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values;
  } catch {
    throw new UsageError(USAGE);
  }
}

function jsonOf(box: Box, findings: readonly DoctorFinding[], proposal: Proposal): string {
  const programs = Object.fromEntries(box.programs);
  const { bootConfig, ...facts } = box;
  const all = { box: { ...facts, programs }, findings, proposal };
  return `${JSON.stringify({ ...all, bootConfig: bootConfig?.path }, undefined, 2)}\n`;
}

const MARKS = { ok: '+', missing: '!', note: ' ' } as const;

function textOf(findings: readonly DoctorFinding[], proposal: Proposal): string {
  const lines = findings.flatMap(({ part, level, text, remedy = [] }) => [
    `${MARKS[level]} ${`${part}:`.padEnd(13)}${text}`,
    ...remedy.map((line) => `    -> ${line}`),
  ]);
  return `${lines.join('\n')}\n\n${yamlOf(proposal)}`;
}

function yamlOf(proposal: Proposal): string {
  if (proposal.platform !== undefined) {
    return `# Proposed by \`crashcart doctor\`\n${stringify(proposal)}`;
  }
  return '# Without hardware there is nothing to configure: a QEMU machine is what you get.\n{}\n';
}

async function writeProposal(path: string, proposal: Proposal): Promise<void> {
  if (await writeNewFile(path, yamlOf(proposal))) return;
  throw new CliError(`${path} is there already, and is left as it is`);
}
