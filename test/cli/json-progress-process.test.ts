/** `--json-progress` when a signal ends the run. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { recordsOf } from './records.ts'

describe('--json-progress', () => {
  test('counts requests on the wire as inFlight and other requests that were read as waiting', async () => {
    const { start, server } = await workplace()
    const running = start(['URL/slow/{3000..3019}', '-c', '4', '--json-progress', '-o', 'r.jsonl'])
    await expect.poll(() => server.mostAtOnce).toBe(4)
    await running.says(/"type":"progress"/)
    running.child.kill('SIGTERM')
    const records = recordsOf((await running.finished).stderr)
    expect(records[0]).toMatchObject({ type: 'progress', total: 20, done: 0, inFlight: 4, waiting: 16 })
    expect(records.findLast(({ type }) => type === 'progress')).toMatchObject({ done: 0, failed: 0, inFlight: 0 })
    expect(records.at(-1)).toMatchObject({ type: 'summary', given_up: 4, not_sent: 16, complete: false })
  })

  test('reports an interruption as a message, and its counts still add up', async () => {
    const { start, server } = await workplace()
    const running = start(['URL/slow/{300..349}', '-c', '4', '--json-progress', '-q', '-o', 'r.jsonl'])
    await expect.poll(() => server.requests.length).toBeGreaterThan(4)
    running.child.kill('SIGINT')
    const records = recordsOf((await running.finished).stderr)
    const [ok, notSent] = [records.at(-1)?.['ok'], records.at(-1)?.['not_sent']]
    expect(Number(ok) + Number(notSent)).toBe(50)
    expect(records.findLast(({ type }) => type === 'progress')).toMatchObject({ done: ok, failed: 0, total: 50 })
    expect(records.filter(({ type }) => type === 'message')).toEqual([
      { type: 'message', message: 'interrupted: requests in flight finish. Press Ctrl-C again to abort them.' },
    ])
  })
})
