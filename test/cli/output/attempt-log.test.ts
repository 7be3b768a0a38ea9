/** The log of a slow disk or pipe: the run waits for it, so that its lines do not fill the memory. */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { AttemptLog } from '../../../src/cli/output/attempt-log.ts'
import { pump } from '../../../src/cli/pump.ts'
import type { AttemptEvent, Outcome } from '../../../src/index.ts'
import { StreamOutput } from '../../../src/sinks/stream-output.ts'

const MIB = 1_048_576

/** A stream that takes nothing before `release`, and how much it has got. */
function slowStream() {
  let isOpen = false
  let next: (() => void) | undefined
  let size = 0
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (isOpen) done()
      else next = done
    },
  })
  const release = (): void => {
    isOpen = true
    next?.()
  }
  return { stream, release, size: () => size }
}

const event = { id: '#0', index: 0, attempt: 1, method: 'GET', url: `http://a.test/${'x'.repeat(1_000)}`, startedAt: 0 }

test('a slow log pauses the run at 8 MiB until there is room', async () => {
  const { stream, release, size } = slowStream()
  const log = new AttemptLog(new StreamOutput('--log', stream, () => undefined), 'a.jsonl')
  let ended = 0
  async function* outcomes(): AsyncGenerator<Outcome> {
    for (let count = 0; count < 20_000; count++) {
      log.end('attempt', event as unknown as AttemptEvent)
      ended++
      yield { ok: true } as Outcome
    }
  }
  const running = pump({
    outcomes: outcomes(),
    sink: { write: () => undefined, close: () => undefined },
    note: () => undefined,
    unwritten: () => undefined,
    stop: () => undefined,
    room: () => log.room(),
  })
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(ended * event.url.length).toBeGreaterThan(6 * MIB)
  expect(ended * event.url.length).toBeLessThan(10 * MIB)
  release()
  await running
  expect(ended).toBe(20_000)
  await log.close()
  expect(size()).toBeGreaterThan(20 * MIB - MIB)
  expect(log.room()).toBeUndefined()
})

test('a log that fails does not pause the run', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) })
  const log = new AttemptLog(new StreamOutput('--log', stream, () => undefined), 'a.jsonl')
  for (let count = 0; count < 10_000; count++) log.end('attempt', event as unknown as AttemptEvent)
  await log.room()
  expect(log.room()).toBeUndefined()
  await expect(log.close()).rejects.toThrow('a.jsonl')
})
