/**
 * Three groups of tests. `npm test` runs the first two, `npm run test:rest` the third, `npm run test:all` all.
 *
 * `shared`: the files run one after the other in a few processes that they share. A process per file costs about 0.7 s
 * of CPU time, which was more than most files need.
 * `alone`: the files of `npm test` that change or judge the state of their process, so each has a process of its own.
 * `rest`: the tests of processes and the long matrices, each file in a process of its own, and the properties at full
 * size.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { ALONE, REST, SIZED } from './test/groups.ts'

const COMMON = {
  // For what hangs: a test that starts processes takes many times as long on a busy machine.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A second is short for a process or a thread to start on a busy machine.
  expect: { poll: { timeout: 30_000 } },
  // The built command line runs in the test's process by Node's own loader, as it is shipped (test/cli/in-process.ts).
  server: { deps: { external: [/\/dist\//] } },
}
const SMALL = {
  /** A fiftieth of the runs that a property has in `npm run test:rest`. */
  PROPERTY_TIMES: '0.02',
  TEST_SIZE: 'small',
  // A thread that a test starts takes 0.25 s of CPU time with the compiled code of another one, and 0.45 s without.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
}

export default defineConfig({
  test: {
    reporters: ['default', './test/support/stalled.ts'],
    // Many tests wait for a socket or a timer, so two cores keep four workers busy.
    maxWorkers: availableParallelism() * 2,
    projects: [
      {
        test: {
          ...COMMON,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...REST, ...ALONE],
          isolate: false,
          env: SMALL,
        },
      },
      { test: { ...COMMON, name: 'alone', include: ALONE, exclude: REST, env: SMALL } },
      { test: { ...COMMON, testTimeout: 300_000, name: 'rest', include: [...REST, ...SIZED] } },
    ],
  },
})
