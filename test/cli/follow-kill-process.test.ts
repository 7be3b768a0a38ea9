/** `preq` is killed while it follows pages and chains, and started again. The long version is bench/kill-follow-ups.ts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { surviveKills } from '../support/follow-kills.ts'
import { randomFrom, seed } from '../support/property.ts'

const KILLS = 6

test.each(['pages', 'chain'] as const)(
  `a batch of %s that is killed ${KILLS} times and resumed has every row once, and sends nothing recorded again`,
  async kind => {
    const folder = mkdtempSync(join(tmpdir(), 'preq-kill-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const parts = { folder, kind, roots: 40, each: 40, kills: KILLS, maxDelayMs: 300, random: randomFrom(seed) }
    const survived = await surviveKills(parts)
    console.log(`seed ${seed}: ${JSON.stringify(survived)}`)
    expect(survived, `seed ${seed}`).toMatchObject({ kills: KILLS, gaps: 0, duplicates: 0, repeatedDone: 0, code: 0 })
  },
  120_000,
)
