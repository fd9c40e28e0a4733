import { join } from 'node:path';
import type { GadgetPlan } from './gadget-plan.ts';
import type { GadgetStep } from './gadget-step.ts';
import { type GadgetSystem, gadgetDir } from './gadget-system.ts';

/**
 * What of our gadget is not as planned, as a path; undefined when it is that gadget. What a server
 * changes meanwhile does not count: images, and which functions are linked.
 */
export async function differenceFrom(
  system: GadgetSystem,
  { steps, functions }: GadgetPlan,
): Promise<string | undefined> {
  const planned = new Set(functions.map(({ name }) => name));
  const present = (await system.configfs.list(join(gadgetDir(system), 'functions'))) ?? [];
  const other = present.find((name) => !planned.has(name));
  if (other !== undefined) return `functions/${other}`;
  for (const step of steps) if (await differs(system, step)) return step.path;
  return undefined;
}

async function differs(system: GadgetSystem, step: GadgetStep): Promise<boolean> {
  const { configfs } = system;
  const path = join(gadgetDir(system), step.path);
  switch (step.kind) {
    case 'directory':
      return (await configfs.list(path)) === undefined;
    case 'link':
      return false;
    case 'value': {
      if (step.isLive) return false;
      const found = await configfs.read(path);
      return found === undefined ? !step.isOptional : !isSame(found, step.value);
    }
  }
}

/** The kernel shows numbers in its own way, and texts with a newline or zeros behind. */
function isSame(found: Buffer, planned: string | Uint8Array): boolean {
  if (planned instanceof Uint8Array) return found.equals(planned);
  const text = found.toString().replace(/[\0\n]+$/, '');
  if (text === planned) return true;
  return isNumber(text) && isNumber(planned) && isSameNumber(Number(text), Number(planned));
}

/** A byte of the kernel's may be signed: it shows `os_desc/b_vendor_code` 0xcd as 0xffffffcd. */
function isSameNumber(found: number, planned: number): boolean {
  return (
    found === planned || (planned >= 0x80 && planned <= 0xff && found === planned - 0x100 + 2 ** 32)
  );
}

function isNumber(text: string): boolean {
  return /^(0x[\da-f]+|\d+)$/i.test(text);
}
