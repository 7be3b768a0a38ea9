/**
 * Kills a run 200 times at random moments and compares with what the server recorded: is every result there, and was
 * nothing sent unnecessarily? Prints a table; `SEED=…` repeats the moments as far as the machine allows. Takes minutes,
 * so it runs nightly.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Books, judge, killUntilDone } from '../test/support/kill-loop.ts'
import { randomFrom, seed } from '../test/support/property.ts'

const REQUESTS = 16_000
const KILLS = 200

const folder = mkdtempSync(join(tmpdir(), 'kill-loop-'))
const books = new Books(randomFrom(seed + 1))
const startedAt = performance.now()
try {
  const origin = await books.open()
  const path = join(folder, 'run.jsonl')
  const parts = { path, origin, books, count: REQUESTS, kills: KILLS, maxDelayMs: 500, random: randomFrom(seed) }
  const loop = await killUntilDone(parts)
  const verdict = judge(books, loop, REQUESTS)
  const inDoubt = loop.ends['in_doubt/crash'] ?? 0
  const isComplete = (loop.ends['ok'] ?? 0) + inDoubt === REQUESTS && verdict.missing <= inDoubt
  const rows: [string, number, boolean][] = [
    ['kills', loop.kills.length, loop.kills.length === KILLS],
    ['that left a torn line', loop.kills.filter(({ torn }) => torn).length, true],
    ['requests', REQUESTS, true],
    ['that ended ok', loop.ends['ok'] ?? 0, isComplete],
    ['in doubt: writes without a key', inDoubt, isComplete],
    ['never seen by the server', verdict.missing, isComplete],
    ['finished and sent again', verdict.repeatedDone, verdict.repeatedDone === 0],
    ['sent again', verdict.resent, verdict.resent <= verdict.allowed],
    ['sent and not in the file at a kill', verdict.allowed, true],
    ['writes without a key sent twice', verdict.repeatedWrites, verdict.repeatedWrites === 0],
    ['writes sent with two keys', verdict.changedKeys, verdict.changedKeys === 0],
  ]
  for (const [name, figure, isHeld] of rows)
    console.log(`${name.padEnd(36)} ${String(figure).padStart(7)}  ${isHeld ? '' : 'BROKEN'}`.trimEnd())
  console.log(`seed ${seed}, ${Math.round((performance.now() - startedAt) / 1_000)} s`)
  if (rows.some(([, , isHeld]) => !isHeld)) process.exitCode = 1
} finally {
  await books.close()
  rmSync(folder, { recursive: true, force: true })
}
