import { z } from 'zod';
import * as type from './types.ts';

/** A number, or what the kernel calls a line: at most 31 characters. */
const LINE = /^(0|[1-9]\d{0,8}|(?=.*[^\d])(?!-)[!#-~][ !#-~]{0,30})$/;
const CHIP = /^(\/.*|0|[1-9]\d{0,3}|(?=.*[^\d])(?!-)[!-~][ -~]{0,30})$/;

const readText = (value: unknown) => {
  const read = type.readNumber(value);
  return typeof read === 'number' ? String(read) : value;
};

/** Whether a text names a line of a chip. */
export function isGpioLine(text: string): boolean {
  return LINE.test(text);
}

/** What `isGpioLine` allows, for errors. */
export const GPIO_LINE = 'the number or name of a line';

/** A line of a chip; always a text, as pins are. */
export function gpioLine(fallback: number) {
  const error = `must be ${GPIO_LINE}`;
  return z.preprocess(readText, z.string(error).regex(LINE, error)).default(String(fallback));
}

/** A chip and how it is reached. */
export function gpioChip() {
  const error = 'must be a path, or the number, name or label of a chip';
  return {
    device: z
      .preprocess(readText, z.string(error).max(4096, error).regex(CHIP, error))
      .default('/dev/gpiochip0'),
    backend: z
      .enum(['auto', 'kernel', 'tools'], 'must be one of: auto, kernel, tools')
      .default('auto'),
  };
}
