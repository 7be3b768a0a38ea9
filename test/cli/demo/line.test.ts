import { expect, test } from 'vitest'
import { lineOf } from '../../../src/cli/demo/line.ts'
import { parallelRequests } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'

const AT = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))

async function linesOf(...specs: readonly { url: string; key?: string }[]): Promise<Record<string, unknown>[]> {
  const transport = mockTransport(({ url }) =>
    url.endsWith('/good') ? { json: { stars: 7 }, latencyMs: 12.3456 } : { status: 404, json: { message: 'no' } },
  )
  const outcomes = await parallelRequests(specs, { transport, onFailure: 'settle' })
  return outcomes.map(outcome => JSON.parse(lineOf(outcome, AT)) as Record<string, unknown>)
}

test('the demo writes a successful outcome as a line with its value', async () => {
  const [line] = await linesOf({ url: 'https://api.example.com/good', key: 'one' })
  expect(line).toEqual({
    v: 1,
    index: 0,
    id: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
    key: 'one',
    method: 'GET',
    url: 'https://api.example.com/good',
    ok: true,
    status: 200,
    value: { stars: 7 },
    attempts: 1,
    bytes: 11,
    timings: expect.objectContaining({ total: 12.3 }) as unknown,
    at: '2026-01-02T03:04:05.000Z',
  })
})

test('the demo writes a failure as a line with its code and message, and without a value', async () => {
  const [line] = await linesOf({ url: 'https://api.example.com/bad' })
  expect(line).toMatchObject({
    ok: false,
    status: 404,
    error: { code: 'http/404', message: expect.stringContaining('404') as unknown },
  })
  expect(line).not.toHaveProperty('value')
  expect(line).not.toHaveProperty('key')
})

test('the id of a demo line depends on URL and key, and is the same in every run', async () => {
  const specs = [
    { url: 'https://api.example.com/good' },
    { url: 'https://api.example.com/good', key: 'a' },
    { url: 'https://api.example.com/bad', key: 'a' },
  ]
  const ids = (await linesOf(...specs)).map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
  expect((await linesOf(...specs)).map(({ id }) => id)).toEqual(ids)
})
