/** A directive, or a block with what is in it. */
export type NginxLine = string | NginxBlock;

/** `head { inside }` */
export interface NginxBlock extends ReadonlyArray<NginxLine> {
  readonly 0: string;
}

/** Why a text cannot stand in a configuration of nginx; undefined when it can. */
export function unfitForNginx(text: string): string | undefined {
  // nginx reads "$" as a variable in any text, quoted or not, and knows no way around that.
  if (text.includes('$')) return 'nginx cannot read "$" in a path';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text) ? 'it has a control character' : undefined;
}

/** A text in quotes, whatever is in it; throws for one that `unfitForNginx` refuses. */
export function quoted(text: string): string {
  const unfit = unfitForNginx(text);
  if (unfit !== undefined) throw new RangeError(unfit);
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** The text of a configuration: `;` after directives, braces around blocks. */
export function nginxText(lines: readonly NginxLine[], indent = ''): string {
  return lines.map((line) => lineText(line, indent)).join('');
}

function lineText(line: NginxLine, indent: string): string {
  if (typeof line === 'string') return `${indent}${line}${line.startsWith('#') ? '' : ';'}\n`;
  const [head, ...inside] = line;
  const gap = indent.length < 8 ? '\n' : '';
  return `${gap}${indent}${head} {\n${nginxText(inside, `${indent}    `)}${indent}}\n`;
}
