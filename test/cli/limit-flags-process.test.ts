/** Hosts that publish limits or keep failing, with runs that are stopped and rows that come one after the other. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A host', () => {
  test('that publishes an empty quota for an hour is paused, and its next request is not sent', async () => {
    const headers = { ratelimit: '"default";r=0;t=3600', 'ratelimit-policy': '"default";q=1;w=3600' }
    const { start, server } = await workplace((_echo, response) => void response.writeHead(200, headers).end('{}'))
    const running = start(['URL/{1..2}', '-c', '1', '--json-progress', '-o', 'r.jsonl'])
    await running.says(/"paused":\[\{"host"/)
    running.child.kill('SIGTERM')
    expect((await running.finished).stderr).toMatch(/"ok":1,.*"not_sent":1/)
    expect(server.requests).toHaveLength(1)
  })

  test('gets no requests after failures within the --breaker-window until the --breaker-cooldown is over', async () => {
    const { start, server } = await workplace((_echo, response) => void response.writeHead(500).end())
    const codes = async (...more: string[]): Promise<string> => {
      const flags = ['-w', '{error} ', '-q', '--retries', '0', '--breaker-failures', '2', ...more]
      const running = start(['-i', '-', ...flags])
      for (const row of [1, 2, 3]) {
        running.child.stdin.write(`${server.url}/${row}\n`)
        // Once the row has its outcome, and longer after that than the short duration.
        if (row < 3) await running.says(new RegExp(`(?:http/500 ){${row}}`))
        await new Promise(resolve => setTimeout(resolve, 400))
      }
      running.child.stdin.end()
      return (await running.finished).stdout.trim()
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
