import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One fenced block of a document. */
export interface DocBlock {
  /** `sh`, `json`, `yaml`, … */
  readonly language: string;
  readonly text: string;
  /** Of its first line, for messages. */
  readonly line: number;
}

/** The fenced blocks of `docs/NAME`, in order; texts of `replacements` stand for a user's own. */
export function docBlocks(
  name: string,
  replacements: Readonly<Record<string, string>>,
): readonly DocBlock[] {
  const path = fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url));
  let document = readFileSync(path, 'utf8');
  for (const [text, mine] of Object.entries(replacements)) {
    if (!document.includes(text)) throw new Error(`docs/${name} has no "${text}"`);
    document = document.replaceAll(text, mine);
  }
  return [...document.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: document.slice(0, match.index).split('\n').length + 1,
  }));
}
