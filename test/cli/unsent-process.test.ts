/** Ctrl-C while a host asks for a pause. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A host that asks for a pause of an hour', () => {
  test('leaves its waiting requests unsent after the first Ctrl-C, and the summary says so', async () => {
    const { start, run, server, linesIn } = await workplace(({ url }, response) => {
      const isAway = url.startsWith('/away')
      response.writeHead(isAway ? 429 : 200, isAway ? { 'retry-after': '60' } : {}).end('{}')
    })
    const args = ['-o', 'run.jsonl', '--resume', '-X', 'POST']
    const running = start(['URL/{1..2}', 'URL/away', ...args])
    await expect.poll(() => server.requests.length).toBe(3)
    await expect.poll(() => linesIn('run.jsonl').filter(({ ok }) => ok).length).toBe(2)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.finished
    expect(code).toBe(130)
    expect(stderr).toContain('interrupted: requests in flight finish, 1 that waits for a paused host is not sent')
    expect(stderr).toContain('2 ok, 0 failed, 1 not sent')
    const plan = await run(['plan', 'URL/{1..2}', 'URL/away', ...args])
    expect(plan.stdout).toMatch(/^1 requests \(1 POST\), .*\ndone already: 2$/m)
  })
})
