/**
 * Kills `preq` 50 times at random moments while it follows pages, and 50 times while it follows a chain: does each row come
 * out once, and is nothing sent again that was recorded? Prints a table; `SEED=…` repeats the moments as far as the machine
 * allows. Takes minutes, so it runs nightly.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { surviveKills } from '../test/support/follow-kills.ts'
import { randomFrom, seed } from '../test/support/property.ts'

const KILLS = 50
const ROOTS = 80
const EACH = 160

const folder = mkdtempSync(join(tmpdir(), 'kill-follow-'))
const startedAt = performance.now()
try {
  for (const kind of ['pages', 'chain'] as const) {
    const own = mkdtempSync(join(folder, kind))
    const parts = {
      folder: own,
      kind,
      roots: ROOTS,
      each: EACH,
      kills: KILLS,
      maxDelayMs: 400,
      random: randomFrom(seed),
    }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { kills, gaps, duplicates, requests, repeatedDone, resent } = await surviveKills(parts)
    const rows: [string, number, boolean][] = [
      [`${kind}: kills`, kills, kills === KILLS],
      ['requests', requests, true],
      ['rows that are missing', gaps, gaps === 0],
      ['rows that are there again', duplicates, duplicates === 0],
      ['recorded and sent again', repeatedDone, repeatedDone === 0],
      ['in flight at a kill, and sent again', resent, resent > 0],
    ]
    for (const [name, figure, isHeld] of rows)
      console.log(`${name.padEnd(36)} ${String(figure).padStart(7)}  ${isHeld ? '' : 'BROKEN'}`.trimEnd())
    if (rows.some(([, , isHeld]) => !isHeld)) process.exitCode = 1
  }
  console.log(`seed ${seed}, ${Math.round((performance.now() - startedAt) / 1_000)} s`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
