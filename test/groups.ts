/** Which test files run when (vitest.config.ts). A file that no list names is in `npm test`, in a shared process. */

/**
 * Not in every run.
 *
 * A test that starts a process is here, because it tests what belongs to a process: signals, exit codes, pipes, file
 * descriptors, what a start loads, what keeps it alive. Such tests of NAME are in `NAME-process.test.ts`. The command line
 * in the test's own process (test/cli/in-process.ts) does not count, nor does a thread.
 *
 * A test that waits for seconds of real time is in `NAME-real-time.test.ts`, mostly of something that `NAME.test.ts` shows
 * in virtual time.
 *
 * The others are too long: other programs, other runtimes, packages as consumers see them, whole matrices.
 */
export const REST = [
  'test/**/*-process.test.ts',
  'test/**/*-real-time.test.ts',
  'test/cli/demo.test.ts',
  'test/cli/enrich.test.ts',
  'test/cli/signals.test.ts',
  'test/cli/standard-input.test.ts',
  'test/cli/terminal.test.ts',
  'test/client/light.test.ts',
  'test/client/paginate-dialects.test.ts',
  'test/client/run/resume-kill.test.ts',
  'test/properties/fractions.test.ts',
  'test/properties/secrets.test.ts',

  'test/components/**/*.test.ts',
  'test/differential/**/*.test.ts',
  'test/editors/**/*.test.ts',
  'test/examples.test.ts',
  'test/hostile/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/site/**/*.test.ts',
  'test/types/**/*.test.ts',
  'test/structure/broker-commands.test.ts',
  'test/structure/commands.test.ts',
  'test/structure/snippets.test.ts',
  'test/client/stream-scale.test.ts',
  'test/cli/curl/commands.test.ts',
]

/** Twice: small in `npm test`, at full size in `npm run test:rest` (test/support/size.ts, test/properties/runs.ts). */
export const SIZED = [
  'test/client/fairness.test.ts',
  'test/client/follow-runs.test.ts',
  'test/client/on-chunk.test.ts',
  'test/client/quota-windows.test.ts',
  'test/client/run/resume.test.ts',
  'test/config/file-name.test.ts',
  'test/engine/engine.test.ts',
  'test/layer/gate.test.ts',
  'test/policy/adaptive.test.ts',
  'test/properties/**/*.test.ts',
  'test/store/run-recovery.test.ts',
  'test/transport/addresses.test.ts',
  'test/transport/expect.test.ts',
  'test/transport/h2-connections.test.ts',
  'test/transport/post-cut.test.ts',
  'test/transport/upload.test.ts',
]

/** In `npm test` with a process of their own: they change what belongs to the process, or look at all of it. */
export const ALONE = [
  'test/cli/read-once.test.ts',
  'test/client/threads/worker-file.test.ts',
  'test/config/made-up-option.test.ts',
  'test/config/read-once.test.ts',
  'test/core/exact-json.test.ts',
  'test/sinks/batches.test.ts',
]
