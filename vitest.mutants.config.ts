/** For `npm run nightly:mutants`: the tests of one guard file, which scripts/mutants.ts names. */
import { defineConfig } from 'vitest/config'

const tests = (process.env['MUTANT_TESTS'] ?? '').split(',').filter(Boolean)

export default defineConfig({
  test: {
    include: tests.map(test => (test.endsWith('.ts') ? test : `${test}/**/*.test.ts`)),
    env: { PROPERTY_TIMES: '0.02', TEST_SIZE: 'small' },
    testTimeout: 120_000,
    server: { deps: { external: [/\/dist\//] } },
  },
})
