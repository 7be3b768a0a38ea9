/** Every check except the tests: types, lint, format, the package, unused code. */
import { spawnSync } from 'node:child_process'

const CHECKS: readonly (readonly [string, ...string[]])[] = [
  // By its path, as in build.ts.
  ['node', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['node', 'node_modules/typescript/bin/tsc', '-p', 'src/report/page'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['oxfmt', '--check', '.'],
  ['node', 'scripts/docs.ts', '--check'],
  ['node', 'scripts/architecture.ts', '--check'],
  ['knip', '--treat-config-hints-as-errors'],
  ['npm', 'run', 'build', '--silent'],
  ['publint', '--strict'],
  ['attw', '--pack', '.', '--profile', 'esm-only'],
]

const failed: string[] = []
for (const check of CHECKS) {
  const [command, ...args] = check
  console.log(`> ${check.join(' ')}`)
  if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) failed.push(check.join(' '))
}
console.log(failed.length === 0 ? 'all checks passed' : `failed:\n- ${failed.join('\n- ')}`)
process.exit(failed.length === 0 ? 0 : 1)
