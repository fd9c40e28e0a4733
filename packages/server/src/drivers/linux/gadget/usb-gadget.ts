import { join } from 'node:path';
import { sleep } from '../../../core/sleep.ts';
import type { FileOwner } from '../../../platform/configfs.ts';
import { isSystemError } from '../../../platform/files.ts';
import { isMissing, isOfWrite } from '../storage-lun.ts';
import { differenceFrom } from './compare-gadget.ts';
import { GadgetError, reasonOf } from './gadget-error.ts';
import { removeMeta, writeMeta } from './gadget-meta.ts';
import type { GadgetPlan } from './gadget-plan.ts';
import type { GadgetStep } from './gadget-step.ts';
import { type GadgetSystem, gadgetDir, offerGadgets } from './gadget-system.ts';
import { removeGadget } from './remove-gadget.ts';
import { bind, boundController, findController, requireFree } from './usb-controller.ts';

/** How a plan is carried out. */
export interface StartOptions {
  /** Controller; empty: the first one. */
  readonly udc: string;
  /** How long the machine gets to see the gadget, ms. */
  readonly initDelayMs: number;
  /** Who gets the controls; undefined: they stay root's. */
  readonly owner: FileOwner | undefined;
  /** Directory of what is told of the functions. */
  readonly meta: string;
  /** Ends the start; what was made is removed. */
  readonly signal: AbortSignal;
}

/** What a start came to. `idle`: it is there, but no function is linked that the machine could see. */
export type StartResult = 'started' | 'idle' | 'running';

/**
 * Makes our gadget as planned, or finds that it runs already. Throws GadgetError and leaves nothing
 * behind when it cannot be made; never touches another one that is bound.
 */
export async function startGadget(
  system: GadgetSystem,
  plan: GadgetPlan,
  options: StartOptions,
): Promise<StartResult> {
  const { configfs } = system;
  const { signal, meta } = options;
  await offerGadgets(system, signal);
  const udc = await findController(system, options.udc);
  if (await isRunning(system, plan, udc)) return 'running';
  const hasLinks = plan.functions.some(({ isLinked }) => isLinked);
  if (hasLinks) await requireFree(system, udc);
  await configfs.makeDir(gadgetDir(system)).catch((error: unknown) => {
    throw refusal('The gadget cannot be made', error);
  });
  try {
    for (const step of plan.steps) {
      signal.throwIfAborted();
      await take(system, step);
    }
    await writeMeta(meta, plan.functions);
    if (hasLinks) {
      await bind(system, udc);
      await sleep(options.initDelayMs, signal);
    }
    if (options.owner) await handOver(system, plan.controls, options.owner);
  } catch (error) {
    throw await undone(system, meta, error);
  }
  return hasLinks ? 'started' : 'idle';
}

/** Removes our gadget, whoever made it, and what is told of it; false: there was none. */
export async function stopGadget(system: GadgetSystem, meta: string): Promise<boolean> {
  const isThere = (await system.configfs.list(gadgetDir(system))) !== undefined;
  if (isThere) {
    await removeGadget(system).catch((error: unknown) => {
      throw refusal('The gadget cannot be removed', error);
    });
  }
  await removeMeta(meta);
  return isThere;
}

/** Whether the very gadget is there and bound. One that is bound to nothing is removed. */
async function isRunning(system: GadgetSystem, plan: GadgetPlan, udc: string): Promise<boolean> {
  if ((await system.configfs.list(gadgetDir(system))) === undefined) return false;
  const bound = await boundController(system);
  if (bound === undefined) {
    await removeGadget(system);
    return false;
  }
  const difference = bound === udc ? await differenceFrom(system, plan) : 'UDC';
  if (difference === undefined) return true;
  throw new GadgetError(
    `Another gadget is there already (its ${difference} differs); \`crashcart otg stop\` removes it`,
  );
}

async function take(system: GadgetSystem, step: GadgetStep): Promise<void> {
  const { configfs } = system;
  const dir = gadgetDir(system);
  const path = join(dir, step.path);
  try {
    switch (step.kind) {
      case 'directory':
        return await configfs.makeDir(path);
      case 'link':
        return await configfs.link(join(dir, step.target), path);
      case 'value':
        return await configfs.write(path, step.value);
    }
  } catch (error) {
    if (step.kind === 'value' && step.isOptional && isMissing(error)) return;
    throw stepRefusal(step, error);
  }
}

function stepRefusal(step: GadgetStep, error: unknown): GadgetError {
  const [, kind] = /^functions\/(\w+)\./.exec(step.path) ?? [];
  if (step.kind === 'directory' && kind !== undefined && isSystemError(error, 'ENOENT')) {
    const message = `The kernel has no USB function "${kind}" (module usb_f_${kind})`;
    return new GadgetError(message, { cause: error });
  }
  if (step.kind === 'value' && isOfWrite(error)) {
    const shown = typeof step.value === 'string' ? ` "${step.value}"` : '';
    return refusal(`The kernel refuses${shown} as ${step.path}`, error);
  }
  return refusal(`${step.path} cannot be made`, error);
}

function refusal(what: string, error: unknown): GadgetError {
  const needsRoot = isSystemError(error, 'EACCES', 'EPERM') && !isOfWrite(error);
  const why = needsRoot ? 'that needs root' : reasonOf(error);
  return new GadgetError(`${what}: ${why}`, { cause: error });
}

async function handOver(
  system: GadgetSystem,
  controls: readonly string[],
  owner: FileOwner,
): Promise<void> {
  for (const control of controls) {
    try {
      await system.configfs.own(join(gadgetDir(system), control), owner);
    } catch (error) {
      // Some kernels lack some.
      if (!isMissing(error)) throw refusal(`${control} cannot be handed over`, error);
    }
  }
}

/** Removes what a failed start has made; the error to throw. */
async function undone(system: GadgetSystem, meta: string, error: unknown): Promise<unknown> {
  try {
    await stopGadget(system, meta);
    return error;
  } catch (left) {
    return new GadgetError(`${reasonOf(error)}. ${reasonOf(left)}`, { cause: error });
  }
}
