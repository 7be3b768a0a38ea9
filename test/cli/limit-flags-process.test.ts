/** `--breaker-window` and `--breaker-cooldown`, with rows that come one after the other through a pipe. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A host', () => {
  test('gets no requests after failures within the --breaker-window until the --breaker-cooldown is over', async () => {
    const { start, server } = await workplace((_echo, response) => void response.writeHead(500).end())
    const codes = async (...more: string[]): Promise<string> => {
      const flags = ['-w', '{error} ', '-q', '--retries', '0', '--breaker-failures', '2', ...more]
      const { child, finished } = start(['-i', '-', ...flags])
      const before = server.requests.length
      // Each row once the previous one has been answered, and longer after it than the short duration.
      for (const row of [1, 2, 3]) {
        child.stdin.write(`${server.url}/${row}\n`)
        if (row < 3) await expect.poll(() => server.requests.length).toBe(before + row)
        await new Promise(resolve => setTimeout(resolve, 400))
      }
      child.stdin.end()
      return (await finished).stdout.trim()
    }
    // A request that is not sent has no line.
    const failed = 'http/500'
    const all = [
      await codes('--breaker-window', '1m', '--breaker-cooldown', '1m'),
      await codes('--breaker-window', '1m', '--breaker-cooldown', '150ms'),
      await codes('--breaker-window', '150ms', '--breaker-cooldown', '1m'),
    ]
    expect(all).toEqual([`${failed} ${failed}`, `${failed} ${failed} ${failed}`, `${failed} ${failed} ${failed}`])
  })
})
