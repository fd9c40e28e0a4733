import { z } from 'zod';

const hw = z.object({ driver: z.string(), pin: z.string() });

const viewItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('label'), text: z.string() }),
  z.object({ type: z.literal('input'), channel: z.string(), color: z.string() }),
  z.object({
    type: z.literal('output'),
    channel: z.string(),
    confirm: z.boolean(),
    hide: z.boolean(),
    text: z.string(),
  }),
]);

/** The user GPIO part as the wire has it: GET /gpio and the `gpio` event. Delays in s. */
export const gpioState = z.object({
  model: z.object({
    scheme: z.object({
      inputs: z.record(z.string(), z.object({ hw })),
      outputs: z.record(
        z.string(),
        z.object({
          switch: z.boolean(),
          pulse: z.object({ delay: z.number(), min_delay: z.number(), max_delay: z.number() }),
          hw,
        }),
      ),
    }),
    view: z.object({
      header: z.object({ title: z.array(viewItem).readonly() }),
      /** A null row is a separator. */
      table: z.array(z.array(viewItem).readonly().nullable()).readonly(),
    }),
  }),
  state: z.object({
    inputs: z.record(z.string(), z.object({ online: z.boolean(), state: z.boolean() })),
    outputs: z.record(
      z.string(),
      z.object({ online: z.boolean(), state: z.boolean(), busy: z.boolean() }),
    ),
  }),
});
export type GpioState = z.infer<typeof gpioState>;
/** One cell of the view. */
export type GpioViewItem = z.infer<typeof viewItem>;
