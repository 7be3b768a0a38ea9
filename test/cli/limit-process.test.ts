/** `--limit` with an input that stays open. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('--limit', () => {
  test('does not wait for more of an open input, in a run and in preq plan', async () => {
    const { start, server } = await workplace()
    for (const command of [[], ['plan']]) {
      const { child, finished } = start([...command, '--limit', '2'])
      // The input is never ended.
      child.stdin.write(['1', '2', '3'].map(id => `${server.url}/${id}\n`).join(''))
      const { code, stdout, stderr } = await finished
      expect([code, stdout + stderr]).toEqual([0, expect.stringMatching(/2 ok, 0 failed|2 requests/)])
    }
    expect(server.requests).toHaveLength(2)
  })
})
