/**
 * Kills a run that follows jobs 50 times at random moments: is each job started once, and has each of them one result?
 * Prints a table; `SEED=…` repeats the moments as far as the machine allows. Takes a minute, so it runs nightly.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobServer } from '../test/support/job-server.ts'
import { surviveKills } from '../test/support/poll-kills.ts'
import { randomFrom, seed } from '../test/support/property.ts'

const JOBS = 5_000
const KILLS = 50

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0)

const folder = mkdtempSync(join(tmpdir(), 'kill-jobs-'))
const startedAt = performance.now()
try {
  await using server = await jobServer({ looks: 5, delayMs: 5 })
  const parts = { path: join(folder, 'run.jsonl'), server, count: JOBS, kills: KILLS, maxDelayMs: 900 }
  const survived = await surviveKills({ ...parts, random: randomFrom(seed) })
  const { kills, ok, inDoubt, others, missing, startedTwice, okUnstarted, lines, mostInDoubt } = survived
  const rows: [string, number, boolean][] = [
    ['kills', kills, kills === KILLS],
    ['jobs', JOBS, true],
    ['that ended ok', ok, ok + inDoubt === JOBS],
    ['in doubt: sent, and no response recorded', inDoubt, inDoubt <= mostInDoubt],
    ['that ended in another way', sum(others), sum(others) === 0],
    ['without an outcome', missing, missing === 0],
    ['started more than once', startedTwice, startedTwice === 0],
    ['ok and never started', okUnstarted, okUnstarted === 0],
    ['results missing or twice in the file', lines, lines === 0],
  ]
  for (const [name, figure, isHeld] of rows)
    console.log(`${name.padEnd(42)} ${String(figure).padStart(6)}  ${isHeld ? '' : 'BROKEN'}`.trimEnd())
  if (sum(others) > 0) console.log(others)
  console.log(`seed ${seed}, ${Math.round((performance.now() - startedAt) / 1_000)} s`)
  if (rows.some(([, , isHeld]) => !isHeld)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
