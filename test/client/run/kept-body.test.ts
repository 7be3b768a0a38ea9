/** Bodies that a schema, parseFunc or the parser refused: the run file keeps them, and a mended schema reads them. */
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { parallelRequests } from '../../../src/index.ts'
import type { Outcome } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import { doneIn, echo, endsOf, newRun, postsTo, urlsTo } from '../../support/resumed.ts'

const WRONG = v.object({ id: v.string() })
const RIGHT = v.object({ id: v.number() })
const throwing = (): never => {
  throw new Error('not that')
}

/** Five URLs to one run file; the server is asked as often as `asked` says. */
function runner(items: unknown[] = urlsTo(2), answer: object = { json: { id: 7 } }) {
  const resume = newRun()
  const transport = echo(() => answer)
  const run = (options: object = {}): Promise<Outcome[]> =>
    parallelRequests(items as string[], { transport, resume, onFailure: 'settle', maxRetries: 0, ...options })
  return { run, transport, lines: () => doneIn(resume), path: resume }
}

describe('a value that was refused is in the run file', () => {
  test.each([
    ['the schema', { schema: WRONG }, 'schema/mismatch'],
    [
      'a schema that throws',
      { schema: { '~standard': { version: 1, vendor: 'x', validate: throwing } } },
      'callback/schema',
    ],
    ['parseFunc', { parseFunc: throwing }, 'callback/parse'],
    [
      'a parseFunc that never ends',
      { parseFunc: () => new Promise(() => undefined), timeouts: { callback: 150 } },
      'timeout/callback',
    ],
  ])('by %s, and read by a mended one without being sent again', async (_, wrong, code) => {
    const { run, transport, lines } = runner()
    expect(endsOf(await run(wrong))).toEqual([`network:${code}`, `network:${code}`])
    expect(lines().map(({ ok, value }) => [ok, value])).toEqual([
      [false, { id: 7 }],
      [false, { id: 7 }],
    ])
    expect(endsOf(await run(wrong))).toEqual([`run-file:${code}`, `run-file:${code}`])
    const mended = await run({ schema: RIGHT, parseFunc: ({ id }: { id: number }) => id + 1 })
    expect(mended.map(({ value, source, attempts }) => [value, source, attempts])).toEqual([
      [8, 'run-file', 1],
      [8, 'run-file', 1],
    ])
    // Their last lines are those of successes, so that another program reads what is true.
    expect(lines().slice(-2)).toMatchObject([
      { ok: true, value: { id: 7 } },
      { ok: true, value: { id: 7 } },
    ])
    expect(endsOf(await run())).toEqual(['run-file:ok', 'run-file:ok'])
    expect(transport.requests).toHaveLength(2)
  })

  test('gets a new line only if the reason has changed', async () => {
    const { run, lines } = runner()
    await run({ schema: WRONG })
    await run({ schema: WRONG })
    expect(lines()).toHaveLength(2)
    await run({ schema: v.object({ name: v.string() }) })
    expect(lines()).toHaveLength(4)
    expect(lines().at(-1)).toMatchObject({
      ok: false,
      value: { id: 7 },
      error: { message: expect.stringContaining('name') },
    })
  })

  test.each([[['schema']], [['schema/mismatch']], [true]])(
    'and is sent again with retryFailed %j',
    async retryFailed => {
      const { run, transport } = runner()
      await run({ schema: WRONG })
      expect(endsOf(await run({ schema: RIGHT, retryFailed }))).toEqual(['network:ok', 'network:ok'])
      expect(transport.requests).toHaveLength(4)
    },
  )

  test('as text and as bytes, too, and with its head', async () => {
    for (const returnType of ['text', 'content', 'response'] as const) {
      const { run, transport } = runner(urlsTo(1), { text: 'grün', headers: { 'x-a': '1' } })
      await run({ returnType, parseFunc: throwing })
      const [outcome] = await run({ returnType })
      const value = outcome?.value as string | Uint8Array | { bytes(): Uint8Array; headers: Headers }
      const bytes = typeof value === 'string' || value instanceof Uint8Array ? value : value.bytes()
      expect(Buffer.from(bytes as string).toString()).toBe('grün')
      expect(transport.requests).toHaveLength(1)
    }
  })

  test('of a write with an idempotency key, which stays the same if it is sent again', async () => {
    const { run, transport } = runner(postsTo(1))
    await run({ schema: WRONG, idempotencyKey: true })
    await run({ schema: RIGHT, idempotencyKey: true, retryFailed: ['schema'] })
    const keys = transport.requests.map(({ headers }) => new Headers(headers).get('idempotency-key'))
    expect(keys[0]).toBeTruthy()
    expect(keys[1]).toBe(keys[0])
  })

  test('unless no line can hold it: then the failure is recorded without it', async () => {
    const { run, transport, lines } = runner(urlsTo(1), { text: '['.repeat(9_000) + ']'.repeat(9_000) })
    const options = { maxJsonDepth: Infinity, parseFunc: throwing }
    expect(endsOf(await run(options))).toEqual(['network:callback/parse'])
    expect(lines()).toMatchObject([{ ok: false, error: { code: 'callback/parse' } }])
    expect(lines()[0]).not.toHaveProperty('value')
    expect(endsOf(await run(options))).toEqual(['run-file:callback/parse'])
    expect(transport.requests).toHaveLength(1)
  })
})

describe('a body that is not JSON', () => {
  test.each(['json', 'auto'] as const)(
    'with returnType %s is read as text by the next run, by its charset',
    async returnType => {
      const headers = { 'content-type': 'application/json; charset=latin1' }
      const { run, transport, lines } = runner(urlsTo(1), { body: Buffer.from([0x6e, 0xef]), headers })
      expect(endsOf(await run({ returnType }))).toEqual(['network:parse/json'])
      expect(endsOf(await run({ returnType }))).toEqual(['run-file:parse/json'])
      expect(lines()).toHaveLength(1)
      const [outcome] = await run({ returnType: 'text' })
      expect([outcome?.value, outcome?.source]).toEqual(['nï', 'run-file'])
      expect(transport.requests).toHaveLength(1)
    },
  )

  test('fails with the message of its line, without secrets that only the first run knew', async () => {
    const transport = mockTransport(({ headers }) => ({ text: `you are ${new Headers(headers).get('authorization')}` }))
    const options = { transport, resume: newRun(), onFailure: 'settle', maxRetries: 0 } as const
    const auth = (): string => 'Bearer CANARY0123456789'
    const first = await parallelRequests('http://a.test/', { ...options, auth })
    const file = readFileSync(options.resume, 'utf8')
    expect(file).not.toContain('CANARY')
    expect(file).not.toContain('"value"')
    const second = await parallelRequests('http://a.test/', { ...options, auth })
    expect(second.source).toBe('run-file')
    expect(second.error?.message).toBe(first.error?.message)
    expect(second.error?.body).toBe('you are ***')
    expect(second.error?.message).not.toContain('CANARY')
  })
})

test('a refused status keeps no value, and its shown body comes back', async () => {
  const { run, lines, path } = runner(urlsTo(1), { status: 404, text: '{"error":"gone"}' })
  await run()
  expect(lines()[0]).toMatchObject({ ok: false, error: { code: 'http/404', body: '{"error":"gone"}' } })
  expect(readFileSync(path, 'utf8')).not.toContain('"value"')
  const [outcome] = await run({ schema: RIGHT })
  expect([outcome?.source, outcome?.error?.code, outcome?.error?.body]).toEqual([
    'run-file',
    'http/404',
    '{"error":"gone"}',
  ])
})
