/** Runs the test files that measure (test/support/figure.ts), one file after the other, and says whether all bounds hold. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

const files = globSync('test/**/*.test.ts').filter(path => readFileSync(path, 'utf8').includes('support/figure.ts'))
const { status } = spawnSync('vitest', ['run', '--maxWorkers=1', '--reporter=verbose', ...files], {
  stdio: 'inherit',
  env: { ...process.env, FIGURES: '1' },
})
console.log(status === 0 ? 'ok: every figure is within its bound' : 'FAIL: a figure is out of its bound')
process.exitCode = status ?? 1
