/** Jobs survive a process that is killed while it follows them. */
import { expect, test } from 'vitest'
import { jobServer } from '../../support/job-server.ts'
import { surviveKills } from '../../support/poll-kills.ts'
import { randomFrom, seed } from '../../support/property.ts'
import { newRun } from '../../support/resumed.ts'

test('each job is started once and has one result, however often the process is killed', async () => {
  await using server = await jobServer({ looks: 3, delayMs: 5 })
  const parts = { path: newRun(), server, count: 80, kills: 4, maxDelayMs: 600, random: randomFrom(seed) }
  const survived = await surviveKills(parts)
  expect(survived).toMatchObject({ others: {}, missing: 0, startedTwice: 0, okUnstarted: 0, lines: 0 })
  expect(survived.inDoubt).toBeLessThanOrEqual(survived.mostInDoubt)
  expect(survived.ok).toBeGreaterThan(0)
})
