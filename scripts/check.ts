/** Everything that can be known without running the tests: types, lint, format, the package, unused code. */
import { spawnSync } from 'node:child_process'

const CHECKS: readonly (readonly [string, ...string[]])[] = [
  ['tsc', '-p', 'tsconfig.json'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['oxfmt', '--check', '.'],
  ['knip'],
  ['npm', 'run', 'build', '--silent'],
  ['publint', '--strict'],
  ['attw', '--pack', '.', '--profile', 'esm-only'],
]

const failed: string[] = []
for (const [command, ...args] of CHECKS) {
  console.log(`> ${[command, ...args].join(' ')}`)
  if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) failed.push(command)
}
console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
