import type { z } from 'zod';

/** Parts of a machine that have drivers. */
export type DriverPart = 'machine' | 'hid' | 'atx' | 'msd' | 'streamer';

/** A driver as the registry has it: what may be configured, and how it is made. */
export interface DriverDefinition<Options extends z.ZodType, Made> {
  readonly part: DriverPart;
  /** Its name in the configuration. */
  readonly type: string;
  readonly options: Options;
  /** Loads the driver's code and makes one; only configured drivers are ever loaded. */
  readonly create: (options: z.output<Options>, ...context: never[]) => Promise<Made>;
}

/** Declares a driver. */
export function defineDriver<
  Options extends z.ZodType,
  Made,
  Context extends readonly unknown[],
  const Part extends DriverPart,
  const Type extends string,
>(
  part: Part,
  type: Type,
  definition: {
    readonly options: Options;
    readonly create: (options: z.output<Options>, ...context: Context) => Promise<Made>;
  },
) {
  return { part, type, ...definition };
}
