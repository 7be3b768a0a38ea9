/**
 * Takes out one guard at a time and demands that a test fails: `npm run nightly:mutants [words of a guard]`.
 *
 * Works on a copy in a temporary folder. First the tests run there as they are: one that fails anyway proves nothing.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CLI_MUTANTS } from './mutants/cli.ts'
import type { Mutant } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/table.ts'

interface Result {
  readonly passed: number
  readonly failed: number
  readonly firstFailure: string | undefined
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const words = process.argv.slice(2).join(' ')
const chosen = [...MUTANTS, ...CLI_MUTANTS].filter(({ guard }) => guard.includes(words))
const root = resolve(import.meta.dirname, '..')
const copy = mkdtempSync(join(tmpdir(), 'mutants-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))

/** What git knows and what it would add, so that work in hand is judged too. */
function copyTree(): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const file of listed.stdout.toString().split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

/** The command line is tried as it is built; what is wrong with the types of a mutant is nobody's concern. */
function build(): void {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.ts', '--no-types'], { cwd: copy })
  if (status !== 0) throw new Error(`the build failed: ${stderr.toString()}`)
}

function run(tests: readonly string[], bail: number): Result {
  if (tests.some(test => test.startsWith('test/cli'))) build()
  const output = join(copy, 'report.json')
  rmSync(output, { force: true })
  const args = ['run', ...tests, `--bail=${bail}`, '--reporter=json', `--outputFile=${output}`, '--retry=0']
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs')
  const { stderr } = spawnSync(process.execPath, [vitest, ...args], { cwd: copy, timeout: 600_000 })
  if (!existsSync(output)) throw new Error(`vitest left no report: ${stderr.toString().slice(-2_000)}`)
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report
  const failure = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  return { passed: report.numPassedTests, failed: report.numFailedTests, firstFailure: failure?.fullName }
}

/** The files as they would be without the guard. Throws where its text is not there exactly once. */
function edited({ guard, edits }: Mutant): Map<string, string> {
  const files = new Map<string, string>()
  for (const { file, find, put } of edits) {
    const text = files.get(file) ?? readFileSync(join(copy, file), 'utf8')
    const count = text.split(find).length - 1
    if (count !== 1) throw new Error(`${guard}: expected its text once in ${file}, got it ${count} times: ${find}`)
    files.set(
      file,
      text.replace(find, () => put),
    )
  }
  return files
}

function judge(mutant: Mutant): Result {
  const files = edited(mutant)
  const originals = [...files.keys()].map(file => [file, readFileSync(join(copy, file), 'utf8')] as const)
  for (const [file, text] of files) writeFileSync(join(copy, file), text)
  try {
    return run(mutant.tests, 1)
  } finally {
    for (const [file, text] of originals) writeFileSync(join(copy, file), text)
  }
}

copyTree()
// All of them first: a table that has fallen behind is told at once, and all of it.
const fallenBehind = chosen.flatMap(mutant => {
  try {
    edited(mutant)
    return []
  } catch (error) {
    return [String(error)]
  }
})
if (fallenBehind.length > 0) {
  console.error(fallenBehind.join('\n'))
  process.exit(1)
}
const sound = run([...new Set(chosen.flatMap(({ tests }) => tests))], 0)
if (sound.failed > 0 || sound.passed === 0) {
  console.error(`the tests fail as they are: ${sound.failed} failed, ${sound.passed} passed, ${sound.firstFailure}`)
  process.exit(1)
}
console.log(`${sound.passed} tests pass with every guard in place\n`)

const survivors: string[] = []
for (const mutant of chosen) {
  const { failed, firstFailure } = judge(mutant)
  if (failed === 0) survivors.push(mutant.guard)
  console.log(`${failed > 0 ? 'seen  ' : 'UNSEEN'} | ${mutant.guard.padEnd(52)} | ${firstFailure ?? '–'}`)
}
console.log(`\n${chosen.length - survivors.length} of ${chosen.length} missing guards were seen`)
process.exit(survivors.length === 0 ? 0 : 1)
