import { join } from 'node:path';
import { ourEnd } from './function-end.ts';
import { inGadgetOrder } from './function-order.ts';
import { readMeta } from './gadget-meta.ts';
import { CONFIGURATION } from './gadget-plan.ts';
import { type GadgetSystem, gadgetDir } from './gadget-system.ts';
import { boundController, controllerState } from './usb-controller.ts';

/** One function of a gadget. */
export interface FunctionStatus {
  readonly name: string;
  /** Whether the machine sees it, once the gadget is bound. */
  readonly linked: boolean;
  /** As it was told when the gadget was made; undefined where nothing is told. */
  readonly description: string | undefined;
  readonly endpoints: number | undefined;
  /** Our end of it, of a serial port or a network card. */
  readonly device: string | undefined;
}

/** What is there of our gadget. */
export interface GadgetStatus {
  readonly exists: boolean;
  /** The controller that it is bound to. */
  readonly udc: string | undefined;
  /** `configured` once the machine uses it, as the kernel says it; undefined when it is not bound. */
  readonly state: string | undefined;
  readonly speed: string | undefined;
  readonly functions: readonly FunctionStatus[];
}

/** Looks at our gadget, whoever made it. */
export async function gadgetStatus(system: GadgetSystem, meta: string): Promise<GadgetStatus> {
  const { configfs } = system;
  const dir = gadgetDir(system);
  const names = await configfs.list(join(dir, 'functions'));
  const udc = await boundController(system);
  const controller = udc === undefined ? undefined : await controllerState(system, udc);
  const functions: FunctionStatus[] = [];
  for (const name of inGadgetOrder(names ?? [])) {
    const linked = await configfs.isLink(join(dir, CONFIGURATION, name));
    const told = await readMeta(meta, name);
    const { description, endpoints } = told ?? { description: undefined, endpoints: undefined };
    const device = await ourEnd(system, name);
    functions.push({ name, linked, description, endpoints, device });
  }
  const { state, speed } = controller ?? { state: undefined, speed: undefined };
  return { exists: names !== undefined, udc, state, speed, functions };
}

/** The status as lines for people. */
export function describeStatus(status: GadgetStatus, endpoints: number): string {
  const { exists, udc, state, speed, functions } = status;
  if (!exists) return 'There is no gadget\n';
  const bound = [state, speed].filter((word) => word).join(', ');
  const head = udc === undefined ? 'not bound' : `bound to ${udc} (${bound})`;
  const width = Math.max(0, ...functions.map(({ name }) => name.length));
  const lines = functions.map(({ name, linked, description, device, ...each }) => {
    const told = description === undefined ? '' : `  ${each.endpoints}  ${description}`;
    const end = device === undefined ? '' : `  ${device}`;
    return `  ${linked ? '+' : '-'} ${name.padEnd(width)}${told}${end}`.trimEnd();
  });
  const used = functions.reduce((sum, each) => sum + (each.linked ? (each.endpoints ?? 0) : 0), 0);
  return `${[`The gadget is ${head}`, ...lines, `Endpoints: ${used} of ${endpoints}`].join('\n')}\n`;
}
