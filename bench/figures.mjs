import { readFileSync } from 'node:fs';

const round = (value) => Number(value.toFixed(2));

/** p50, p95, p99 and the worst of times in ms. */
export function percentiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN);
  const [p50Ms, p95Ms, p99Ms, worstMs] = [at(0.5), at(0.95), at(0.99), at(1)];
  return { p50Ms, p95Ms, p99Ms, worstMs, count: sorted.length };
}

const TICKS_PER_SECOND = 100;

/** CPU time of a process so far, s. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Percent of one core that processes take together for so long. */
export async function cpuPercent(pids, seconds) {
  const total = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = total();
  const began = performance.now();
  await sleep(seconds * 1000);
  return round(((total() - before) * 100_000) / (performance.now() - began));
}

/** Memory of a process that is in use now, MiB. */
export function rssMib(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Processes that this one has started. */
export function childrenOf(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
