/**
 * Mutates the guard files with StrykerJS and runs their tests against each mutant: `npm run nightly:mutants [words]`,
 * where a guard file is chosen if its path contains one of the words. A file whose score is below `BREAK_PERCENT` fails.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GUARDS } from './guards.ts'

/** Not higher: some mutants change nothing that can be observed, such as a bound that another check repeats. */
const BREAK_PERCENT = 50

const words = process.argv.slice(2)
const chosen = Object.entries(GUARDS).filter(([file]) => words.length === 0 || words.some(word => file.includes(word)))
const folder = mkdtempSync(join(tmpdir(), 'mutants-'))

/** The command line is tested as it is built, so its mutants have to be in the build. */
const builds = (tests: readonly string[]): boolean => tests.some(test => test.startsWith('test/cli/'))

function mutate(file: string, tests: readonly string[]): boolean {
  const config = join(folder, 'stryker.config.json')
  const options = {
    testRunner: 'vitest',
    // There is none of this name: Stryker rewrites it with TypeScript's JavaScript API, which TypeScript 7 does not have.
    tsconfigFile: 'tsconfig.mutants.json',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'vitest.mutants.config.ts', related: false, pool: 'forks' },
    mutate: [file],
    ...(builds(tests) && { buildCommand: 'node scripts/build.ts --no-types' }),
    // Messages are compared word by word in other tests; here they would be most of the mutants.
    mutator: { excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    // On top of the time that a test takes without mutants: the machine may be busy.
    timeoutMS: 30_000,
    reporters: ['clear-text'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    thresholds: { high: 90, low: 75, break: BREAK_PERCENT },
    tempDirName: join(folder, 'sandbox'),
    allowConsoleColors: false,
  }
  writeFileSync(config, JSON.stringify(options))
  const env = { ...process.env, MUTANT_TESTS: tests.join(',') }
  return spawnSync('stryker', ['run', config], { stdio: 'inherit', env }).status === 0
}

const failed = chosen.filter(([file, tests]) => !mutate(file, tests)).map(([file]) => file)
rmSync(folder, { recursive: true, force: true })
console.log(`${chosen.length - failed.length} of ${chosen.length} guard files reach ${BREAK_PERCENT} %`)
for (const file of failed) console.log(`FAIL: ${file}`)
process.exitCode = failed.length === 0 ? 0 : 1
