import { otgCommand } from '../../../src/cli/otg.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { kernelGadgets } from '../../../src/drivers/linux/gadget/gadget-system.ts';

/**
 * `crashcart otg` in a process that has it loaded already, the agent's: an emulated processor takes 3 s to
 * load it, and 0.2 s to do it.
 */
export async function otg(config: unknown, ...argv: string[]) {
  const said = { out: '', err: '' };
  const into = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text;
    },
  });
  const code = await otgCommand(argv, {
    stdin: process.stdin,
    stdout: into('out'),
    stderr: into('err'),
    config: configSchema.parse(config),
    system: kernelGadgets,
    signal: new AbortController().signal,
  });
  return { code, ...said };
}
