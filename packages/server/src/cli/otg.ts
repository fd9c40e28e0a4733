import { parseArgs } from 'node:util';
import { type Config, machinesOf } from '../config/schema.ts';
import { GadgetError } from '../drivers/linux/gadget/gadget-error.ts';
import type { GadgetParts } from '../drivers/linux/gadget/gadget-options.ts';
import { describePlan, type GadgetPlan, planGadget } from '../drivers/linux/gadget/gadget-plan.ts';
import { describeStatus, gadgetStatus } from '../drivers/linux/gadget/gadget-status.ts';
import type { GadgetSystem } from '../drivers/linux/gadget/gadget-system.ts';
import { type StartResult, startGadget, stopGadget } from '../drivers/linux/gadget/usb-gadget.ts';
import { findUser } from '../platform/system-users.ts';
import { type CliIo, runCommand, UsageError } from './io.ts';

const USAGE = `Usage: crashcart otg start [--dry-run] | stop | status [--json]

Makes the USB gadget by which a machine sees this board as keyboard, mice and drive. docs/hardware.md

  start      make it, as root, by the section \`otg\` of the configuration; one that runs is left alone
             (--dry-run: only print what would be made)
  stop       take it from the machine and remove it, as root
  status     say what is there; ends with 1 when the machine cannot see it

  --config FILE, --pikvm-config FILE  of crashcart
  -h, --help this text`;

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What the command works on. */
export interface OtgIo extends CliIo {
  readonly config: Config;
  readonly system: GadgetSystem;
  /** Ends a start, which leaves nothing behind then. */
  readonly signal: AbortSignal;
}

/** `crashcart otg …`. Resolves to 0, 1 or 2. */
export function otgCommand(argv: readonly string[], io: OtgIo): Promise<number> {
  return runCommand(io, async () => {
    const verb = parse(argv);
    switch (verb) {
      case 'help':
        io.stdout.write(`${USAGE}\n`);
        return 0;
      case 'start':
        return await start(io);
      case 'dry-run':
        io.stdout.write(describePlan(planOf(io.config)));
        return 0;
      case 'stop':
        return await stop(io);
      case 'status':
      case 'json':
        return await status(io, verb === 'json');
    }
  });
}

type Verb = 'help' | 'start' | 'dry-run' | 'stop' | 'status' | 'json';

function parse(argv: readonly string[]): Verb {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
  const { help = false, json = false, 'dry-run': isDry = false } = parsed.values;
  if (help) return 'help';
  const [verb, ...rest] = parsed.positionals;
  const isPlain = rest.length === 0 && (!isDry || verb === 'start') && (!json || verb === 'status');
  if (isPlain && verb === 'start') return isDry ? 'dry-run' : 'start';
  if (isPlain && verb === 'status') return json ? 'json' : 'status';
  if (isPlain && verb === 'stop') return 'stop';
  throw new UsageError(USAGE);
}

const RESULTS: Readonly<Record<StartResult, string>> = {
  started: 'The gadget is started',
  idle: 'The gadget is made, but not bound: no function starts by itself',
  running: 'The gadget runs already',
};

async function start({ config, system, signal, stdout, stderr }: OtgIo): Promise<number> {
  const plan = planOf(config);
  const { udc, init_delay, user, meta, endpoints } = config.otg;
  const owner = user === '' ? undefined : await findUser(user);
  if (user !== '' && !owner) throw new GadgetError(`There is no user "${user}" (otg.user)`);
  for (const { name, isCrowdedOut, ...each } of plan.functions) {
    if (!isCrowdedOut) continue;
    const reason = `it needs ${each.endpoints} of ${endpoints} endpoints (otg.endpoints)`;
    stderr.write(`${name} (${each.description}) is left out: ${reason}\n`);
  }
  const options = { udc, initDelayMs: init_delay * 1000, owner, meta, signal };
  stdout.write(`${RESULTS[await startGadget(system, plan, options)]}\n`);
  return 0;
}

async function stop({ config, system, stdout }: OtgIo): Promise<number> {
  const wasThere = await stopGadget(system, config.otg.meta);
  stdout.write(wasThere ? 'The gadget is removed\n' : 'There is no gadget\n');
  return 0;
}

async function status({ config, system, stdout }: OtgIo, asJson: boolean): Promise<number> {
  const { meta, endpoints } = config.otg;
  const found = await gadgetStatus(system, meta);
  const text = asJson
    ? `${JSON.stringify(found, undefined, 2)}\n`
    : describeStatus(found, endpoints);
  stdout.write(text);
  return found.udc === undefined ? 1 : 0;
}

function planOf(config: Config): GadgetPlan {
  const plan = planGadget(config.otg, partsOf(config));
  if (plan.functions.length > 0) return plan;
  throw new GadgetError(
    'Nothing is wanted of the gadget: kvmd.hid.type and kvmd.msd.type are not `otg`, and no device of otg.devices is enabled',
  );
}

/** What the machine behind the gadget uses of it. */
function partsOf(config: Config): GadgetParts {
  const machines = [...machinesOf(config).values()];
  return {
    hid: machines.map(({ hid }) => hid).find((hid) => hid.type === 'otg'),
    hasDrive: machines.some(({ msd }) => msd.type === 'otg'),
  };
}
