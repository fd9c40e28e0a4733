import { ApiError, ERRORS, type ErrorName, KvmError, STATUS_OF_KIND } from '@crashcart/api';

/**
 * What a failed call of the remote means here: what it says about the act passes, with its name and
 * status; what it says about us (that it does not know us, or the operation), and its silence, mean
 * that the machine cannot be had now.
 */
export function remoteError(error: unknown): Error {
  if (error instanceof KvmError) return error;
  if (!(error instanceof ApiError)) {
    return unavailable(`The remote does not answer: ${reasonIn(error)}`, error);
  }
  const { name, status, message } = error;
  if (status === 401 || status === 403) {
    return unavailable('The remote refuses our user (remote.user, remote.passwd_file)', error);
  }
  if (name === 'HttpError' || name === 'ContractError') {
    return unavailable(`The remote cannot do that: ${status} ${firstLine(message)}`, error);
  }
  if (isKnown(name) && STATUS_OF_KIND[ERRORS[name][0]] === status) {
    return new KvmError(name, message, { cause: error });
  }
  return error;
}

/** Why something failed, in words: the innermost cause says most. */
export function reasonIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return error.message || (inner === undefined ? error.name : reasonIn(inner));
}

function unavailable(message: string, cause: unknown): KvmError {
  return new KvmError('UnavailableError', message, { cause });
}

function isKnown(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 120) ?? '';
}
