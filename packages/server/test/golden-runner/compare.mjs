import { createHash } from 'node:crypto';

/** Of these headers exactly the recorded ones must be present. */
const CLOSED_HEADERS = ['content-type', 'set-cookie', 'location', 'allow', 'content-disposition'];

/** A value for a message. */
export function short(value) {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

function typeOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** What differs between JSON values; `volatile` pointers are compared by type only. */
export function diffJson(want, got, volatile = [], pointer = '') {
  const where = pointer || '/';
  if (typeOf(want) !== typeOf(got)) return [`${where}: want ${short(want)}, got ${short(got)}`];
  if (volatile.includes(pointer)) return [];
  if (want === null || typeof want !== 'object') {
    const wild = typeof want === 'string' && want.includes('{{any}}') && pattern(want).test(got);
    return want === got || wild ? [] : [`${where}: want ${short(want)}, got ${short(got)}`];
  }
  const found = [];
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    const inner = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!(key in want)) found.push(`${inner}: unexpected ${short(got[key])}`);
    else if (!(key in got)) found.push(`${inner}: missing, want ${short(want[key])}`);
    else found.push(...diffJson(want[key], got[key], volatile, inner));
  }
  return found;
}

/** A recorded text as a pattern: `{{num}}` and `{{any}}` are wildcards. */
function pattern(text) {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const open = '\\{\\{';
  const close = '\\}\\}';
  return new RegExp(
    `^${escaped
      .replaceAll(`${open}num${close}`, '-?[\\d.]+(?:e[-+]?\\d+)?')
      .replaceAll(`${open}any${close}`, '[^\\n;]*')}$`,
  );
}

function diffText(want, got, what) {
  return pattern(want).test(got) ? [] : [`${what}: want ${short(want)}, got ${short(got)}`];
}

function diffHeaders(want, got) {
  const found = [];
  for (const name of new Set([...Object.keys(want), ...CLOSED_HEADERS])) {
    const wanted = [want[name] ?? []].flat();
    const given = [got[name] ?? []]
      .flat()
      .map((value) => value.replace(/auth_token=[0-9a-f]{64}/, 'auth_token={{token}}'));
    if (wanted.length !== given.length) {
      found.push(`header ${name}: want ${short(wanted)}, got ${short(given)}`);
    } else {
      wanted.forEach((value, index) => {
        found.push(...diffText(value, given[index], `header ${name}`));
      });
    }
  }
  return found;
}

function diffLines(expect, text) {
  const lines = text.match(/[^\n]*\n/g) ?? [];
  const found = [];
  if (lines.length < expect.min_lines) {
    found.push(`${lines.length} lines, want at least ${expect.min_lines}`);
  }
  const one = new RegExp(expect.text_lines.replace(/\$$/, ''));
  const bad = lines.find((line) => !one.test(line));
  if (bad !== undefined) found.push(`line: ${short(bad)}`);
  return found;
}

function diffNdjson(expect, answer, volatile) {
  const lines = answer.body.toString().split(expect.line_end).filter(Boolean).map(parsed);
  const found = [
    ...diffJson(expect.first, lines[0], volatile, '/first'),
    ...diffJson(expect.last, lines.at(-1), volatile, '/last'),
  ];
  if (answer.terminated !== expect.chunked_terminated) found.push('the body ends otherwise');
  return found;
}

function diffBinary(expect, body) {
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (expect.any) {
    const fits =
      body.length >= (expect.min_length ?? 0) &&
      body.toString('base64').startsWith(expect.head_base64 ?? '');
    return fits ? [] : ['binary: wrong head or too short'];
  }
  return sha256 === expect.sha256 ? [] : [`binary: ${body.length} bytes, want ${expect.length}`];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What differs between a recorded answer and one that was got. */
export function diffAnswer(expect, answer, volatile) {
  if (answer.closed || expect.closed) {
    return answer.closed === expect.closed ? [] : ['one of them closed without an answer'];
  }
  const text = answer.body.toString();
  if (expect.status !== answer.status) {
    return [`status: want ${expect.status}, got ${answer.status} ${short(text.slice(0, 120))}`];
  }
  const found = expect.headers ? diffHeaders(expect.headers, answer.headers) : [];
  if (expect.json !== undefined) found.push(...diffJson(expect.json, parsed(text), volatile));
  if (typeof expect.text === 'string') found.push(...diffText(expect.text, text, 'text'));
  if (expect.text_lines) found.push(...diffLines(expect, text));
  if (expect.ndjson) found.push(...diffNdjson(expect.ndjson, answer, volatile));
  if (expect.binary) found.push(...diffBinary(expect.binary, answer.body));
  if (expect.multipart) found.push(...diffMultipart(expect.multipart, text));
  return found;
}

/** Boundary and header names of the first part; `more_headers` may follow the named ones. */
function diffMultipart({ boundary, first_part_headers, more_headers }, text) {
  const [delimiter, ...lines] = text.split('\r\n');
  if (delimiter !== `--${boundary}`) return ['multipart: another boundary'];
  const names = lines.map((line) => line.split(':')[0]);
  const got = more_headers ? names.slice(0, first_part_headers.length) : names;
  return got.join() === first_part_headers.join() ? [] : [`multipart: headers ${names.join()}`];
}

/** The kind of a WebSocket frame: its event type, or what it is. */
export function kindOf(frame) {
  if (frame.event_type) return frame.event_type;
  const key = Object.keys(frame).find((name) => name !== 'repeat' && name !== 'volatile');
  return key === 'binary_prefix_hex' ? 'binary_hex' : key;
}

function diffFrame(want, got) {
  const { volatile, repeat: _, ...frame } = want;
  if (frame.binary_prefix_hex !== undefined) {
    return got.binary_hex?.startsWith(frame.binary_prefix_hex) ? [] : [`got ${short(got)}`];
  }
  return diffJson(frame, got, volatile);
}

/** The first frame in its place, the others in any order; repeats are allowed. */
export function diffInitial(want, got, ignore = []) {
  const found =
    want.length > 0 && got.length > 0
      ? diffFrame(want[0], got[0])
      : want.length === got.length
        ? []
        : ['no initial events'];
  for (const frame of want.slice(1)) {
    if (got.some((candidate) => diffFrame(frame, candidate).length === 0)) continue;
    const key = Object.keys(frame.event ?? {})[0];
    const near = got.find(
      (other) =>
        kindOf(other) === kindOf(frame) && (kindOf(frame) !== 'info' || key in other.event),
    );
    const why = near ? diffFrame(frame, near).slice(0, 3).join('; ') : 'not received';
    found.push(`initial ${kindOf(frame)}: ${why}`);
  }
  const known = new Set([...want.map(kindOf), 'ping', ...ignore]);
  for (const frame of got) if (!known.has(kindOf(frame))) found.push(`unexpected ${short(frame)}`);
  return found;
}

/** All frames; their order counts only inside one kind. */
export function diffSequence(want, got, ignore = []) {
  const found = [];
  const kinds = new Set([...want, ...got].map(kindOf).filter((kind) => !ignore.includes(kind)));
  for (const kind of kinds) {
    const wanted = want.filter((frame) => kindOf(frame) === kind);
    const given = got.filter((frame) => kindOf(frame) === kind);
    const repeated = wanted.find((frame) => frame.repeat);
    if (repeated) {
      if (!given.some((frame) => diffFrame(repeated, frame).length === 0)) {
        found.push(`${kind}: none like ${short(repeated)}`);
      }
    } else if (wanted.length !== given.length) {
      found.push(`${kind}: want ${wanted.length} frames, got ${given.length}: ${short(given)}`);
    } else {
      wanted.forEach((frame, index) => {
        found.push(...diffFrame(frame, given[index]).map((text) => `${kind}[${index}]${text}`));
      });
    }
  }
  return found;
}
