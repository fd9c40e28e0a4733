import fc from 'fast-check';

/** How many inputs each property gets; `npm run soak` raises it. */
fc.configureGlobal({ numRuns: Number(process.env.FUZZ_RUNS ?? 200) });
