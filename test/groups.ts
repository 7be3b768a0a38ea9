/** Which test files run when (vitest.config.ts). A file that no list names is in `npm test`, in a shared process. */

/** Too long for every run: other programs, other runtimes, packages as consumers see them, whole matrices, processes that are killed. */
export const REST = [
  'test/components/**/*.test.ts',
  'test/differential/**/*.test.ts',
  'test/examples.test.ts',
  'test/hostile/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/types/**/*.test.ts',
  'test/structure/snippets.test.ts',
  'test/client/run/resume-kill.test.ts',
  'test/client/stream-scale.test.ts',
  'test/cli/curl/commands.test.ts',
  'test/cli/enrich.test.ts',
  'test/cli/signals.test.ts',
  'test/cli/standard-input.test.ts',
  'test/cli/terminal.test.ts',
]

/** Twice: small in `npm test`, at full size in `npm run test:rest` (test/support/size.ts, test/properties/runs.ts). */
export const SIZED = [
  'test/properties/**/*.test.ts',
  'test/client/fairness.test.ts',
  'test/client/on-chunk.test.ts',
  'test/client/threads/workers.test.ts',
  'test/policy/adaptive.test.ts',
  'test/store/lock.test.ts',
  'test/store/run-recovery.test.ts',
  'test/transport/h2-connections.test.ts',
  'test/transport/post-cut.test.ts',
  'test/cli/run-flags.test.ts',
]

/** In `npm test` with a process of their own: they change what belongs to the process, or look at all of it. */
export const ALONE = [
  'test/client/threads/worker-file.test.ts',
  'test/config/made-up-option.test.ts',
  'test/config/read-once.test.ts',
  'test/sinks/batches.test.ts',
]
