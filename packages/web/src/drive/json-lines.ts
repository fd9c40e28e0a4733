/** Longer lines are no answer of ours, in characters. */
const LONGEST_LINE = 65_536;

/** Cuts a text that comes in pieces into the JSON values of its lines (NDJSON). */
export class JsonLines {
  #rest = '';

  /** The values of the lines that ended with this piece; throws SyntaxError on what is no JSON. */
  add(piece: string): readonly unknown[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LONGEST_LINE) throw new SyntaxError('The line is too long');
    return lines.flatMap(parsed);
  }

  /** The value of a last line without an end. */
  end(): readonly unknown[] {
    const rest = this.#rest;
    this.#rest = '';
    return parsed(rest);
  }
}

function parsed(line: string): readonly unknown[] {
  return line.trim() === '' ? [] : [JSON.parse(line) as unknown];
}
