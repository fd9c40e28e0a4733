import { parentPort } from 'node:worker_threads';
import { verifyHash } from './hash.ts';

/** One password to verify in a worker thread. */
export interface HashJob {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

/** Its answer. */
export interface HashResult {
  readonly id: number;
  readonly matches: boolean;
}

parentPort?.on('message', (job: HashJob) => {
  const result: HashResult = { id: job.id, matches: verifyHash(job.password, job.hash) };
  parentPort?.postMessage(result);
});
