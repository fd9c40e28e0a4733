import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from './errors.ts';
import { merge } from './merge.ts';
import { EMPTY, type Tree } from './tree.ts';

/** Reads what `!include` names; the path is as written. */
export type Include = (name: string) => Promise<Tree>;

const OCTAL = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text: string) => Number.parseInt(text, 8),
} as const;

/**
 * Reads one file: YAML in which only true and false are switches (y, n, yes, no, on and off stay
 * texts) and 0660 is octal, as PiKVM reads it. Throws ConfigError with the line.
 */
export async function parseYaml(file: string, text: string, include: Include): Promise<Tree> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    customTags: (tags) => [OCTAL, ...tags],
    logLevel: 'silent',
  });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  const fail = (line: number, what: string) =>
    new ConfigError([{ at: { file, line }, path: [], text: what }]);
  const [error] = document.errors;
  if (error) throw fail(lineAt(error.pos[0]), error.message.split('\n')[0] ?? 'not YAML');

  const convert = async (node: Node | null, depth: number): Promise<Tree> => {
    const at = { file, line: lineAt(node?.range?.[0]) };
    if (depth > 64) throw fail(at.line, 'nested too deeply (at most 64 levels)');
    if (node === null) return { kind: 'scalar', value: null, at };
    if (node.tag === '!include') {
      const names = isSeq(node) ? node.items.map(String) : [String(node)];
      let result: Tree | undefined;
      for (const name of names) {
        const part = await include(name);
        result = result ? merge(result, part) : part;
      }
      return result ?? EMPTY;
    }
    if (isAlias(node)) return convert(node.resolve(document) ?? null, depth + 1);
    if (isSeq(node)) {
      const items: Tree[] = [];
      for (const item of node.items) items.push(await convert(item as Node | null, depth + 1));
      return { kind: 'list', items, at };
    }
    if (isMap(node)) {
      const entries = new Map<string, Tree>();
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
        const item = await convert(pair.value as Node | null, depth + 1);
        if (key === '<<' && item.kind === 'map') {
          for (const [name, inner] of item.entries) {
            if (!entries.has(name)) entries.set(name, inner);
          }
          continue;
        }
        const keyLine = lineAt((pair.key as Node).range?.[0]);
        entries.set(key, item.kind === 'scalar' ? { ...item, at: { file, line: keyLine } } : item);
      }
      return { kind: 'map', entries, at };
    }
    return { kind: 'scalar', value: isScalar(node) ? node.value : null, at };
  };
  const tree = document.contents === null ? EMPTY : await convert(document.contents, 0);
  if (tree.kind !== 'map') throw fail(tree.at.line, 'the top level must be keys and values');
  return tree;
}
