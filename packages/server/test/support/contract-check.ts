import {
  ERRORS,
  type ErrorName,
  OPERATIONS,
  type Operation,
  parseParams,
  STATUS_OF_KIND,
  ValidatorError,
} from '@crashcart/api';
import { splitUrl } from '../../src/frontends/http/front.ts';
import type { HostileRequest, Oddity } from './hostile-requests.ts';
import type { RawAnswer } from './raw-http.ts';

/** An answer that the contract does not have. */
class OutsideContractError extends Error {}

const BY_ROUTE = new Map<string, Operation>(
  Object.values(OPERATIONS).map((operation) => [
    `${operation.method} /api${operation.path}`,
    operation,
  ]),
);

/** Answers of the front itself, before an operation is found or its request is whole: plain text. */
const FRONT_ANSWERS: Readonly<Record<number, RegExp>> = {
  308: /^308: Permanent Redirect$/,
  400: /^400: Bad Request$/,
  404: /^404: Not Found$/,
  405: /^405: Method Not Allowed$/,
  413: /^413: Request Entity Too Large$/,
  // Node's own, to an Expect that it does not know.
  417: /^$/,
  426: /^426: Upgrade Required$/,
  431: /^431: Request Header Fields Too Large$/,
};

/** Which of them what is odd about a request may have. */
const FRONT_STATUSES: Readonly<Record<Oddity, readonly number[]>> = {
  none: [],
  method: [405],
  path: [308, 400, 404, 405, 426, 431],
  query: [400, 431],
  credentials: [400],
  header: [400, 417, 431],
  body: [413],
  elsewhere: [400, 404, 405],
};

/** Throws when an answer to this request is not in the contract. */
export function checkAnswer(request: HostileRequest, answer: RawAnswer): void {
  try {
    check(request, answer);
  } catch (error) {
    const head = `${answer.status} ${answer.headers.get('content-type')}`;
    const shown = `${head}: ${answer.body.subarray(0, 600)}`;
    throw new OutsideContractError(`${error instanceof Error ? error.message : error}\n${shown}`);
  }
}

function check(request: HostileRequest, answer: RawAnswer): void {
  const { status } = answer;
  const { path, query } = splitUrl(request.target);
  const operation = BY_ROUTE.get(`${request.method} ${path}`);
  if (request.oddity === 'none') checkParams(request, OPERATIONS[request.name], query, answer);
  if (isFrontAnswer(answer)) {
    if (!FRONT_STATUSES[request.oddity].includes(status)) fail('The front is not to answer this');
    return;
  }
  if (operation === undefined) {
    // Another way to an operation, or a file of the page: only that it is no failure is known.
    if (status >= 500 && status !== 503 && status !== 507) fail('A failure of the server');
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    if (isJson) JSON.parse(answer.body.toString());
    return;
  }
  if (status === 302 && request.name === 'authLogin' && answer.headers.has('location')) return;
  if (status === 200) checkSuccess(operation, answer);
  else checkError(operation, answer);
}

function isFrontAnswer({ status, headers, body }: RawAnswer): boolean {
  if (headers.get('content-type')?.startsWith('application/json')) return false;
  if (!FRONT_ANSWERS[status]?.test(body.toString())) return false;
  if (status === 308 && !headers.has('location')) fail('A redirect to nowhere');
  if (status === 405 && !headers.has('allow')) fail('Nothing is allowed');
  return true;
}

/** What the parameters are said to be is what the contract says that they are. */
function checkParams(
  request: HostileRequest,
  operation: Operation,
  query: string,
  answer: RawAnswer,
): void {
  if (!request.loggedIn && operation.permission !== 'public') {
    if (answer.status !== 401) fail('Nobody was asked who they are');
    return;
  }
  const given = new URLSearchParams(operation.body === 'form' ? String(request.body) : query);
  let refusal: string | undefined;
  try {
    parseParams(operation.params, (name) => given.get(name) ?? undefined);
  } catch (error) {
    if (!(error instanceof ValidatorError)) throw error;
    refusal = error.message;
  }
  if (refusal === undefined) return;
  const { error, error_msg: message } = errorIn(answer);
  if (error !== 'ValidatorError' || message !== refusal) fail(`Not refused with "${refusal}"`);
}

function checkSuccess({ answer: expected }: Operation, answer: RawAnswer): void {
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  switch (expected.kind) {
    case 'json': {
      if (type !== 'application/json') fail('Not JSON');
      checkEnvelope(JSON.parse(answer.body.toString()), expected.result);
      break;
    }
    case 'lines': {
      if (type !== 'application/x-ndjson') fail('Not lines of JSON');
      const lines = answer.body.toString().trimEnd().split('\r\n');
      for (const line of lines) {
        const envelope = JSON.parse(line) as { ok: boolean; result: { error?: string } };
        if (envelope.ok) checkEnvelope(envelope, expected.result);
        else if (!Object.hasOwn(ERRORS, String(envelope.result.error))) fail('An unknown error');
      }
      break;
    }
    default:
      if (!expected.contentTypes.includes(type)) fail('Not a type of the contract');
  }
}

function checkEnvelope(
  envelope: unknown,
  result: { safeParse(value: unknown): { success: boolean; error?: unknown } },
): void {
  const { ok, result: value } = envelope as { ok: unknown; result: unknown };
  if (ok !== true) fail('Not ok, but 200');
  const parsed = result.safeParse(value);
  if (!parsed.success) fail(`Not the result of the contract: ${parsed.error}`);
}

function checkError({ errors, permission }: Operation, answer: RawAnswer): void {
  const { error } = errorIn(answer);
  const documented: readonly string[] = [
    ...['ValidatorError', 'ForbiddenError'],
    ...(permission === 'public' ? [] : ['UnauthorizedError']),
    ...errors,
  ];
  if (!documented.includes(error)) fail(`${error} is no error of the operation`);
  const status = STATUS_OF_KIND[ERRORS[error as ErrorName][0]];
  if (answer.status !== status) fail(`The status of ${error} is ${status}`);
}

function errorIn({ body }: RawAnswer): { readonly error: string; readonly error_msg: string } {
  const { ok, result } = JSON.parse(body.toString()) as {
    ok: unknown;
    result: { error: unknown; error_msg: unknown };
  };
  if (ok !== false) fail('An error that is ok');
  const { error, error_msg } = result;
  if (typeof error !== 'string' || typeof error_msg !== 'string') fail('An error without a name');
  return { error: String(error), error_msg: String(error_msg) };
}

function fail(why: string): never {
  throw new OutsideContractError(why);
}
