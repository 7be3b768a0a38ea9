import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoLines } from '../../../src/cli/demo/line.ts'
import { parallelRequests } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'

const AT = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))

async function linesOf(...specs: readonly { url: string; key?: string }[]): Promise<Record<string, unknown>[]> {
  const transport = mockTransport(({ url }) =>
    url.endsWith('/good') ? { json: { stars: 7 }, latencyMs: 12.3456 } : { status: 404, json: { message: 'no' } },
  )
  const outcomes = await parallelRequests(specs, { transport, onFailure: 'settle' })
  const lineOf = demoLines()
  const text = outcomes.map(outcome => lineOf(outcome, AT)).join('\n')
  return text.split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
}

test('the demo writes a successful outcome as a line with its value', async () => {
  const [, line] = await linesOf({ url: 'https://api.example.com/good', key: 'one' })
  expect(line).toEqual({
    v: 2,
    index: 0,
    id: 'k:one',
    print: expect.stringMatching(/^[\w-]{16}$/) as unknown,
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
  const [, line] = await linesOf({ url: 'https://api.example.com/bad' })
  expect(line).toMatchObject({
    ok: false,
    status: 404,
    error: { code: 'http/404', message: expect.stringContaining('404') as unknown },
  })
  expect(line).not.toHaveProperty('value')
  expect(line).not.toHaveProperty('key')
})

test('the lines of a demo are a run file that a run with the same requests restores', async () => {
  const specs = [{ url: 'https://api.example.com/good', key: 'a' }, { url: 'https://api.example.com/bad' }]
  const folder = mkdtempSync(join(tmpdir(), 'preq-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'results.jsonl')
  const lines = (await linesOf(...specs)).map(line => JSON.stringify(line))
  writeFileSync(path, `${lines.join('\n')}\n`)
  const transport = mockTransport(() => ({ text: 'sent again' }))
  const outcomes = await parallelRequests(specs, { transport, onFailure: 'settle', resume: path })
  expect(outcomes.map(({ source, id, value }) => ({ source, id, value }))).toEqual([
    { source: 'run-file', id: 'k:a', value: { stars: 7 } },
    { source: 'run-file', id: '#1', value: undefined },
  ])
  expect(transport.requests).toEqual([])
})
