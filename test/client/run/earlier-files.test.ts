/**
 * Run files that the build of commit 3246db5 wrote (format 2, before the engine had identities of its own), and
 * how today's code resumes them.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parallelRequests } from '../../../src/index.ts'
import type { Outcome, RequestSpec } from '../../../src/index.ts'
import { echo, endsOf, newRun, sentIndexes } from '../../support/resumed.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/run-files')

async function resumed(name: string, items: readonly (string | RequestSpec)[], options: object = {}) {
  const path = newRun()
  copyFileSync(join(FOLDER, `${name}.jsonl`), path)
  const transport = echo()
  const outcomes = (await parallelRequests(items as string[], {
    transport,
    resume: path,
    onFailure: 'settle',
    maxRetries: 0,
    ...options,
  })) as readonly Outcome[]
  return { ends: endsOf(outcomes), ids: outcomes.map(({ id }) => id), outcomes, sent: sentIndexes(transport) }
}

const urls = [0, 1, 2, 3].map(n => `http://h.test/${n}`)
const keyed = ['a', 'b', 'c', 'd', 'a'].map(key => ({ url: `http://h.test/${key}`, key }))
const posts = ['a', 'b', 'c'].map(key => ({
  url: `http://h.test/${key}`,
  method: 'POST',
  json: { key },
  key,
  ...(key === 'c' && { headers: { 'idempotency-key': 'once-c' } }),
}))

describe('a run file of the build before', () => {
  test('without keys is restored, and a longer input sends the rest', async () => {
    const { ends, sent, outcomes } = await resumed('unkeyed', [...urls, 'http://h.test/4'])
    expect(ends).toEqual([...Array<string>(4).fill('run-file:ok'), 'network:ok'])
    expect(sent).toEqual([4])
    expect(outcomes[2]?.value).toEqual({ path: '/2', method: 'GET' })
  })

  test('with keys is restored in any order', async () => {
    const { ends, ids, sent } = await resumed('keyed', keyed.toReversed())
    expect(ends).toEqual(Array<string>(5).fill('run-file:ok'))
    expect(ids).toEqual(['k:a', 'k:d', 'k:c', 'k:b', 'k:a~2'])
    expect(sent).toEqual([])
  })

  test('with failures gives them back, and retryFailed sends them again', async () => {
    const items = [
      'http://h.test/0',
      'http://h.test/missing',
      'http://h.test/down',
      { url: 'http://h.test/post', method: 'POST', json: 1 },
    ]
    const { ends, sent } = await resumed('failures', items)
    expect(ends).toEqual(['run-file:ok', 'run-file:http/404', 'run-file:connect/refused', 'run-file:ok'])
    expect(sent).toEqual([])
    const again = await resumed('failures', items, { retryFailed: true })
    expect(again.ends).toEqual(['run-file:ok', 'network:ok', 'network:ok', 'run-file:ok'])
    expect(again.sent).toEqual([1, 2])
  })

  test('with a torn last line sends only the request of that line', async () => {
    const { ends, sent } = await resumed('torn', urls)
    expect(ends).toEqual(['run-file:ok', 'run-file:ok', 'run-file:ok', 'network:ok'])
    expect(sent).toEqual([3])
  })

  test('with writes in doubt sends only the one with an idempotency key', async () => {
    const { ends, sent } = await resumed('doubt', posts)
    expect(ends).toEqual(['network:in_doubt/crash', 'network:in_doubt/crash', 'network:ok'])
    expect(sent).toEqual([2])
    const resent = await resumed('doubt', posts, { unknownWrites: 'resend' })
    expect(resent.ends).toEqual(Array<string>(3).fill('network:ok'))
  })
})
