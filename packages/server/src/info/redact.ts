/** Names of fields whose values never reach a log. */
const SECRET_NAME = /passw|token|cookie|authorization|secret|private_?key|^t?otp$/i;

/** The same inside texts: `passwd=…` of a URL or a command, credentials of a header or an address. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    /\b([\w-]*(?:passwd|password|token|secret))(["']?\s*[=:]\s*)("[^"]*"|[^\s&;,"')]+)/gi,
    '$1$2[hidden]',
  ],
  [/\b(Basic|Bearer) +[\w+/=.~-]+/gi, '$1 [hidden]'],
  [/(\b[a-z][\w+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, '$1:[hidden]@'],
];

/** Deeper than anything worth a log line; ends circles too. */
const MAX_DEPTH = 6;
const MAX_TEXT = 8192;

/** A text without the secrets that can be recognised, at most 8192 characters long. */
export function redactText(text: string): string {
  let clean = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  for (const [pattern, replacement] of SECRET_TEXTS) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * A plain copy of log details: secrets by name or in texts are `[hidden]`, errors are
 * `{type, message, stack}`, bytes are their number. Never throws.
 */
export function redact(details: object): Record<string, unknown> {
  try {
    return copyObject(details, 0);
  } catch (error) {
    return { unloggable: String(error) };
  }
}

function copyObject(source: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source).map(([key, value]) => [
      key,
      SECRET_NAME.test(key) && value !== undefined ? '[hidden]' : copy(value, depth + 1),
    ]),
  );
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return copyError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date || value instanceof URL) return redactText(String(value));
  if (depth > MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => copy(item, depth + 1));
  return copyObject(value, depth);
}

function copyError(error: Error): Record<string, unknown> {
  const { cause } = error;
  const message = cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
  return {
    type: error.name,
    message: redactText(message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
  };
}
