/** The sinks under a run: they hold exactly what the run counts. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { SinkError, csv, folder, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { freshFolder } from './outcomes.ts'

function clientOf(sent: string[] = []): ParallelRequests {
  const transport = mockTransport(({ url }) => {
    sent.push(url)
    return { status: url.endsWith('3') ? 404 : 200, json: { url } }
  })
  const client = new ParallelRequests({ transport, maxRetries: 0, concurrency: 10 })
  onTestFinished(() => client.close())
  return client
}

const urls = Array.from({ length: 1_000 }, (_, index) => `https://api.example.com/items/${index}`)

describe('drain()', () => {
  it.each([
    ['jsonLines', jsonLines, (path: string) => readFileSync(path, 'utf8').split('\n').length - 1, 1_000],
    ['csv', csv, (path: string) => readFileSync(path, 'utf8').split('\n').length - 2, 1_000],
    ['sqlite', sqlite, undefined, 1_000],
    ['folder', folder, (path: string) => readdirSync(path).length - 1, 900],
  ] as const)('fills %s with every outcome', async (_name, make, countIn, expected) => {
    const path = join(freshFolder(), 'out')
    const totals = await clientOf().drain(urls, { sink: make(path) })
    expect(totals).toMatchObject({ total: 1_000, ok: 900, failed: 100, unwritten: 0 })
    if (countIn !== undefined) expect(countIn(path)).toBe(expected)
  })

  it('counts the rows that a sink could not keep, and continues', async () => {
    const path = join(freshFolder(), 'out.jsonl')
    const parseFunc = (value: unknown, { index }: { index: number }): unknown => (index === 5 ? 1n : value)
    const totals = await clientOf().drain(urls, { sink: jsonLines(path), parseFunc })
    expect(totals).toMatchObject({ total: 1_000, unwritten: 1 })
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1_000)
  })

  it.runIf(process.platform === 'linux')('stops sending when the disk is full, and reports it', async () => {
    const sent: string[] = []
    const endless = function* (): Generator<string> {
      for (let index = 0; ; index++) yield `https://api.example.com/items/${index}`
    }
    const failure: unknown = await clientOf(sent)
      .drain(endless(), { sink: jsonLines('/dev/full') })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(SinkError)
    expect(failure).toMatchObject({ code: 'ENOSPC' })
    expect(sent.length).toBeLessThan(1_000)
  })

  it('sends no faster than its sink accepts: at most one window ahead', async () => {
    const sent: string[] = []
    let lines = 0
    let mostAhead = 0
    const stream = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        mostAhead = Math.max(mostAhead, sent.length - lines)
        lines += chunk.toString().split('\n').length - 1
        setTimeout(done, 1)
      },
    })
    await clientOf(sent).drain(urls, { sink: jsonLines(stream), window: 40 })
    expect(lines).toBe(1_000)
    expect(mostAhead).toBeGreaterThan(10)
    expect(mostAhead).toBeLessThanOrEqual(40)
  })
})
