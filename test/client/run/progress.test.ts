import { describe, expect, test, vi } from 'vitest'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../../src/index.ts'
import type { Progress } from '../../../src/index.ts'
import { echoServer } from '../../support/echo-server.ts'

describe('the progress of a run', () => {
  test('counts requests on the wire and waiting ones apart, and all of them in total', async () => {
    const server = await echoServer((_, response) => void setTimeout(() => response.end('1'), 60))
    const client = new ParallelRequests({ concurrency: 3 })
    const seen: Progress[] = []
    const urls = Array.from({ length: 30 }, (_, n) => `${server.url}/${n}`)
    await client.request(urls, { onProgress: progress => seen.push(progress) })
    await client.close()
    expect(seen.length).toBeGreaterThan(2)
    for (const { total, percent, done, inFlight, waiting } of seen) {
      expect(total).toBe(30)
      expect(inFlight).toBeLessThanOrEqual(3)
      expect(waiting).toBeGreaterThanOrEqual(0)
      expect(done + inFlight + waiting).toBeLessThanOrEqual(30)
      expect(percent).toBe(Math.floor((done / 30) * 1_000) / 10)
    }
    expect(Math.max(...seen.map(({ inFlight }) => inFlight))).toBe(3)
    expect(seen.at(-1)).toMatchObject({ done: 30, percent: 100, inFlight: 0, waiting: 0 })
  })

  test('has no total and no percent for an input without a length', async () => {
    const server = await echoServer()
    const seen: Progress[] = []
    function* urls(): Generator<string> {
      for (let n = 0; n < 3; n++) yield `${server.url}/${n}`
    }
    await parallelRequests(urls(), { onProgress: progress => seen.push(progress) })
    expect(seen.at(-1)).toMatchObject({ done: 3 })
    expect(Object.keys(seen.at(-1) ?? {})).not.toContain('total')
    expect(Object.keys(seen.at(-1) ?? {})).not.toContain('percent')
  })
})

describe('progress: true', () => {
  test('shows what onProgress gets, and leaves the result as it is', async () => {
    const server = await echoServer((_, response) => response.end('1'))
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const seen: Progress[] = []
    const values = await parallelRequests([`${server.url}/1`, `${server.url}/2`], {
      progress: true,
      onProgress: progress => seen.push(progress),
    })
    write.mockRestore()
    expect(values).toEqual([1, 1])
    expect(seen.at(-1)).toMatchObject({ done: 2, total: 2 })
  })

  test('is refused where the calling thread waits', () => {
    expect(() => parallelRequestsSync(['http://127.0.0.1:9/'], { progress: true } as never)).toThrow(
      /progress: expected onProgress, because the calling thread waits/,
    )
  })
})
