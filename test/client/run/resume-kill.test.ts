import { appendFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { Books, judge, killUntilDone, live } from '../../support/kill-loop.ts'
import { randomFrom, seed } from '../../support/property.ts'
import { doneIn, intentsIn, newRun } from '../../support/resumed.ts'

const REQUESTS = 1_500
const KILLS = 20

async function open(): Promise<{ books: Books; origin: string }> {
  const books = new Books(randomFrom(seed + 1))
  const origin = await books.open()
  onTestFinished(() => books.close())
  return { books, origin }
}

test(`a run that is killed ${KILLS} times completes, and nothing finished is sent again and no write twice`, async () => {
  const path = newRun()
  const { books, origin } = await open()
  const parts = { path, origin, books, count: REQUESTS, kills: KILLS, maxDelayMs: 250, random: randomFrom(seed) }
  const loop = await killUntilDone(parts)
  const verdict = judge(books, loop, REQUESTS)
  console.log(`seed ${seed}: ${JSON.stringify({ kills: loop.kills.length, ...verdict, ...loop.ends })}`)
  expect(loop.kills.length, `seed ${seed}`).toBe(KILLS)
  expect(verdict, `seed ${seed}`).toMatchObject({ repeatedDone: 0, repeatedWrites: 0, changedKeys: 0 })
  expect(verdict.resent, `seed ${seed}`).toBeLessThanOrEqual(verdict.allowed)
  // Otherwise it was never killed in the middle of anything, and the test proves nothing.
  expect(verdict.resent, `seed ${seed}`).toBeGreaterThan(0)
  expect((loop.ends['ok'] ?? 0) + (loop.ends['in_doubt/crash'] ?? 0), `seed ${seed}`).toBe(REQUESTS)
  // Only requests without a finished line are in doubt, and all of them are writes without a key.
  const done = new Set(doneIn(path).flatMap(({ ok, index }) => (ok ? [index] : [])))
  expect(done.size, `seed ${seed}`).toBe(loop.ends['ok'])
  const unfinished = intentsIn(path).filter(({ index }) => !done.has(index))
  expect(new Set(unfinished.map(({ index }) => index)).size).toBe(loop.ends['in_doubt/crash'] ?? 0)
  expect(unfinished.every(({ idempotencyKey }) => idempotencyKey === undefined)).toBe(true)
  expect(verdict.missing).toBeLessThanOrEqual(loop.ends['in_doubt/crash'] ?? 0)

  const last = await live(origin, path, String(REQUESTS), String(KILLS + 1), '{"unknownWrites":"resend"}').ended
  expect(JSON.parse(last.said.at(-1) ?? '')).toEqual({ ok: REQUESTS, restored: done.size })
})

test('the second of two processes on one run file fails because the file is locked, and gets it as soon as the first is killed', async () => {
  const path = newRun()
  const { books, origin } = await open()
  const arrived = new Promise<void>(resolve => (books.onArrival = resolve))
  const first = live(origin, path, '2000', '0')
  onTestFinished(() => void first.process.kill('SIGKILL'))
  await arrived
  const second = await live(origin, path, '2000', '1').ended
  expect([second.code, second.said]).toEqual([2, ['started']])
  expect(second.error).toContain(`${JSON.stringify(path)} is locked by another run (process ${first.process.pid})`)
  first.process.kill('SIGKILL')
  await first.ended
  // A torn line as well, as after a power failure.
  appendFileSync(path, '{"v":1,"index":1999,"id":"abc')
  const again = new Promise<void>(resolve => (books.onArrival = resolve))
  const third = live(origin, path, '2000', '2')
  await Promise.race([again, third.ended])
  third.process.kill('SIGKILL')
  expect(await third.ended).toMatchObject({ code: null, error: '' })
  expect(books.arrivals.some(({ life }) => life === 2)).toBe(true)
  expect(books.arrivals.every(({ life }) => life !== 1)).toBe(true)
})
