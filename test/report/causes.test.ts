/** What limited a run of several sessions. */
import { expect, onTestFinished, test } from 'vitest'
import { done, runEnd, runFile, runStart } from './lines.ts'
import { dataOf } from '../../src/report/report.ts'

const ended = (elapsedMs: number, limitedBy: string, shares: Record<string, number>): string =>
  runEnd(0, { elapsedMs, limitedBy, shares, advice: `advice about ${limitedBy}` })

const runOf = async (...lines: string[]): Promise<Record<string, unknown>> => ({
  ...(await dataOf(runFile(onTestFinished, ...lines))).run,
})

test('is a mean over the time of all sessions', async () => {
  const run = await runOf(
    runStart(),
    done(0),
    ended(6_000, 'rate', { rate: 0.9, cpu: 0.1 }),
    runStart(),
    done(1),
    ended(4_000, 'cpu', { cpu: 1 }),
  )
  expect(run).toMatchObject({ limitedBy: 'rate', shares: { rate: 0.54, cpu: 0.46 }, cpuMs: 40 })
  expect(run).not.toHaveProperty('advice')
})

test('is told by a session that took nearly all of the time, whatever a short one after it says', async () => {
  const run = await runOf(
    runStart(),
    done(0),
    ended(60_000, 'rate', { rate: 1 }),
    runStart(),
    done(1),
    ended(200, 'cpu', { cpu: 1 }),
  )
  expect(run).toMatchObject({ limitedBy: 'rate', shares: { rate: 1 }, advice: 'advice about rate' })
})

test('is unknown if the last session has no end', async () => {
  const run = await runOf(runStart(), done(0), ended(60_000, 'rate', { rate: 1 }), runStart(), done(1))
  expect(run).not.toHaveProperty('limitedBy')
})
