/**
 * What distinguishes requests: the id, and in a run file the fingerprint of everything that a request brings itself.
 */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { oldFingerprint } from '../../src/client/run/fingerprint.ts'
import { ConfigError } from '../../src/core/error.ts'
import type { DoneLine } from '../../src/core/journal.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { writeLine } from '../../src/store/run-lines.ts'
import { makeCall } from '../support/calls.ts'
import { asAsync } from '../support/inputs.ts'
import { doneIn, echo, endsOf, intentsIn, newRun, saltIn, sentIndexes, urlsTo } from '../support/resumed.ts'

const URL_A = 'http://a.test/'
const settle = { onFailure: 'settle' } as const

async function outcomesOf(items: unknown, options: ClientOptions = { transport: echo() }): Promise<Outcome[]> {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  const outcomes: Outcome[] = []
  for await (const outcome of client.stream(items as string[])) outcomes.push(outcome)
  return outcomes.toSorted((a, b) => a.index - b.index)
}

describe('the id of an outcome', () => {
  test('is the key of its request or its position, and numbers repeated keys', async () => {
    const keyed = (key: string, host: string) => ({ url: `http://${host}.test/`, key })
    const items = [
      URL_A,
      keyed('x', 'a'),
      keyed('x', 'b'),
      { url: 'no url', key: 'x' },
      keyed('x~2', 'c'),
      keyed('x', 'c'),
      17,
      keyed('__proto__', 'a'),
    ]
    const ids = ['#0', 'k:x', 'k:x~2', 'k:x~3', 'k:x~2~2', 'k:x~4', '#6', 'k:__proto__']
    // An array is read host by host, a lazy input in its order.
    for (const input of [items, asAsync(items)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await outcomesOf(input, { transport: echo(), concurrency: 1 })).map(({ id }) => id)).toEqual(ids)
    }
  })

  test('exists for every kind of outcome, with keys in the options, and from a run file', async () => {
    const path = newRun()
    const transport = echo(() => ({ status: 404 }))
    const run = () => parallelRequests(urlsTo(2), { transport, ...settle, keys: ['a', 'b'], resume: path })
    const [first, second] = [await run(), await run()]
    expect([first.a.id, second.b.id, second.b.source]).toEqual(['k:a', 'k:b', 'run-file'])
    const aborted = await parallelRequests(urlsTo(2), { transport, ...settle, signal: AbortSignal.abort() })
    expect(aborted.map(({ id }) => id)).toEqual(['#0', '#1'])
  })
})

const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'not refused',
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConfigError)
      return (error as ConfigError).message
    },
  )

async function made(items: readonly unknown[], options: object = {}): Promise<string> {
  const path = newRun()
  await parallelRequests(items as string[], { transport: echo(), resume: path, ...options })
  return path
}

describe('a run file', () => {
  test('starts with a salt, is readable only by its owner, and shares no fingerprint with another file', async () => {
    const rows = [{ url: URL_A, auth: { bearer: 's3cr3t' }, key: 'one' }, URL_A]
    const [first, second] = [await made(rows), await made(rows)]
    expect(saltIn(first)).toMatchObject({ v: 2, salt: expect.stringMatching(/^[\w-]{22}$/) as string })
    if (process.platform !== 'win32') expect(statSync(first).mode & 0o777).toBe(0o600)
    const sorted = (path: string) => doneIn(path).toSorted((a, b) => a.index - b.index)
    const [one, other] = [sorted(first), sorted(second)]
    expect(one.map(({ v, id, index }) => [v, id, index])).toEqual([
      [2, 'k:one', 0],
      [2, '#1', 1],
    ])
    expect(one.map(({ print }) => print)).not.toEqual(other.map(({ print }) => print))
    expect(new Set([...one, ...other].map(({ print }) => print)).size).toBe(4)
    // A resumed run does not write a second salt.
    await parallelRequests([...rows, `${URL_A}more`] as string[], { transport: echo(), resume: first })
    expect(readFileSync(first, 'utf8').match(/"salt"/g)).toHaveLength(1)
  })

  test.each([
    ['a header', { headers: { 'x-account': 'alice' } }, { headers: { 'x-account': 'bob' } }],
    ['a header that it had not', {}, { headers: { 'x-account': 'bob' } }],
    ['a header that it leaves out', {}, { headers: { common: undefined } }],
    ['its cookie', { headers: { cookie: 'sid=1' } }, { headers: { cookie: 'sid=2' } }],
    ['its auth', { auth: { bearer: 'a' } }, { auth: { bearer: 'b' } }],
    ['its password', { auth: { username: 'u', password: 'a' } }, { auth: { username: 'u', password: 'b' } }],
    ['an idempotency key of its own', { json: 1, idempotencyKey: 'a' }, { json: 1, idempotencyKey: 'b' }],
    ['the kind of its body', { body: '"x"', method: 'POST' }, { json: 'x' }],
  ])('refuses an input in which a request differs in %s, and nothing is sent', async (_what, before, after) => {
    const options = { headers: { common: '1' } }
    const path = await made([{ url: URL_A, ...before }], options)
    const transport = echo()
    const message = await refusal(
      parallelRequests([{ url: URL_A, ...after }] as { url: string }[], { ...options, transport, resume: path }),
    )
    expect(message).toContain('they differ in what is not shown')
    expect(message).not.toMatch(/alice|bob|sid=/)
    expect(transport.requests).toEqual([])
    const same = await parallelRequests([{ url: URL_A, ...before }] as { url: string }[], { transport, resume: path })
    expect([same, transport.requests]).toEqual([[{ path: '/' }], []])
  })

  test('never gives the result of one user to another: userinfo and headers of sorted rows', async () => {
    const rows = ['alice', 'bob', 'carol'].map(user => ({ url: `http://${user}:pw@a.test/me` }))
    const path = await made(rows)
    const transport = echo()
    expect(await refusal(parallelRequests(rows.toReversed(), { transport, resume: path }))).toContain('another one')
    expect(transport.requests).toEqual([])
  })

  test('with keys accepts an input that is sorted, shortened and extended', async () => {
    const row = (key: string) => ({ url: URL_A, key, headers: { 'x-account': key } })
    const path = newRun()
    const transport = echo(request => ({ json: request.headers.get('x-account') }))
    const run = (keys: string) => {
      const rows = keys.split('').map(row)
      return parallelRequests(rows, { transport, resume: path })
    }
    expect(await run('abcb')).toEqual(['a', 'b', 'c', 'b'])
    expect(await run('cba')).toEqual(['c', 'b', 'a'])
    expect(transport.requests).toHaveLength(4)
    expect(await run('dbeb')).toEqual(['d', 'b', 'e', 'b'])
    expect(transport.requests.slice(4).map(({ headers }) => headers.get('x-account'))).toEqual(['d', 'e'])
    const lazily = await parallelRequests(asAsync(['e', 'a'].map(row)), { transport, resume: path, ...settle })
    expect(endsOf(lazily)).toEqual(['run-file:ok', 'run-file:ok'])
    expect(doneIn(path).map(({ id }) => id)).toEqual(['k:a', 'k:b', 'k:c', 'k:b~2', 'k:d', 'k:e'])
  })

  test('refuses an input in which a key stands for another request, wherever it is now', async () => {
    const path = await made([
      { url: `${URL_A}1`, key: 'a' },
      { url: `${URL_A}2`, key: 'b' },
    ])
    const transport = echo()
    const changed = [
      { url: `${URL_A}3`, key: 'c' },
      { url: `${URL_A}1`, key: 'b' },
    ]
    const message = await refusal(parallelRequests(changed, { transport, resume: path }))
    expect(message).toMatch(/request 1 was GET \S+\/2 \(key b\) and is GET \S+\/1 \(key b\)/)
    expect(transport.requests).toEqual([])
  })

  test('refuses an input whose keys were removed or replaced, so that nothing is sent twice', async () => {
    const keyed = (prefix: string) => urlsTo(3).map((url, n) => ({ url, key: `${prefix}${n}` }))
    const path = await made(keyed('a'))
    const transport = echo()
    const left = await refusal(parallelRequests(urlsTo(3), { transport, resume: path }))
    expect(left).toMatch(/request 0 was GET \S+ \(key a0\) and is GET \S+\/0\./)
    const others = await refusal(parallelRequests(keyed('b'), { transport, resume: path }))
    expect(others).toMatch(/request 0 was GET \S+ \(key a0\) and is GET \S+ \(key b0\)/)
    const none = await made(urlsTo(3))
    expect(await refusal(parallelRequests(keyed('a'), { transport, resume: none }))).toContain('and is GET')
    expect(transport.requests).toEqual([])
  })

  test('without its salt line, or concatenated with another one, is refused before anything is sent', async () => {
    const [path, other] = [await made([URL_A]), await made([URL_A])]
    const [salt = '', , line = ''] = readFileSync(path, 'utf8').split('\n')
    const transport = echo()
    const ask = () => refusal(parallelRequests([URL_A], { transport, resume: path }))
    writeFileSync(path, `${line}\n`)
    expect(await ask()).toContain('line 1: expected the line with the salt before it')
    writeFileSync(path, `${salt}\n${line}\n${readFileSync(other, 'utf8')}`)
    expect(await ask()).toContain('two run files in one')
    expect(transport.requests).toEqual([])
  })

  test('may contain lines about the run itself', async () => {
    const path = await made([URL_A])
    writeFileSync(path, '{"run":{"at":"2026-01-01T00:00:00.000Z"}}\n{"pause":"a.test","from":1,"to":2}\n', {
      flag: 'a',
    })
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/,"crc":"\w+"/g, ''))
    const transport = echo()
    expect(await parallelRequests([URL_A], { transport, resume: path })).toEqual([{ path: '/' }])
    expect(transport.requests).toEqual([])
  })
})

describe('a run file of version 1', () => {
  /** Writes the file as the previous release did. */
  function oldFile(items: readonly { readonly url: string; readonly key?: string; readonly json?: unknown }[]): string {
    const path = newRun()
    const lines = items.map(({ url, key, json }, index): DoneLine => {
      const method = json === undefined ? 'GET' : 'POST'
      const id = oldFingerprint(
        makeCall({ method, url, key, body: json === undefined ? undefined : JSON.stringify(json) }),
      )
      const rest = { attempts: 1, bytes: 1, timings: { total: 1 }, at: '2026-01-01T00:00:00.000Z' }
      return {
        v: 1,
        index,
        id,
        ...(key !== undefined && { key }),
        method,
        url,
        ok: true,
        value: `old ${index}`,
        ...rest,
      }
    })
    writeFileSync(path, lines.map(writeLine).join(''))
    if (process.platform !== 'win32') chmodSync(path, 0o644)
    return path
  }
  const items = [{ url: `${URL_A}0` }, { url: `${URL_A}1`, key: 'one' }, { url: `${URL_A}2`, json: { a: 1 } }]

  test('is read, and continued in version 2', async () => {
    const path = oldFile(items)
    const transport = echo()
    const more = [
      ...items,
      { url: `${URL_A}3`, headers: { 'x-account': 'a' } },
      { url: `${URL_A}4`, key: 'four', json: 1 },
    ]
    const run = () => parallelRequests(more, { transport, resume: path })
    const values = ['old 0', 'old 1', 'old 2', { path: '/3' }, { path: '/4' }]
    expect([await run(), await run()]).toEqual([values, values])
    expect(sentIndexes(transport)).toEqual([3, 4])
    expect(doneIn(path).map(({ v }) => v)).toEqual([1, 1, 1, 2, 2])
    expect(intentsIn(path).map(({ v, id }) => [v, id])).toEqual([[2, 'k:four']])
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['headers', { headers: { 'x-account': 'alice' } }, 'headers and credentials of request 0 itself (x-account)'],
    ['credentials', { auth: { bearer: 's3cr3t' } }, 'headers and credentials of request 0 itself (auth)'],
  ])('is refused, and left unchanged, if a request has its own %s', async (_what, own, expected) => {
    const path = oldFile(items)
    const text = readFileSync(path, 'utf8')
    const transport = echo()
    const changed = [{ ...items[0], ...own }, ...items.slice(1)] as typeof items
    for (const input of [changed, asAsync(changed)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const message = await refusal(parallelRequests(input as typeof items, { transport, resume: path }))
      expect(message).toContain(expected)
      expect(message).toContain('of version 1')
      expect(message).not.toMatch(/alice|s3cr3t/)
    }
    expect([transport.requests, readFileSync(path, 'utf8')]).toEqual([[], text])
    // It never recorded what all requests have in common.
    expect(await parallelRequests(items, { transport, resume: path, headers: { 'x-all': '1' } })).toHaveLength(3)
  })

  test('is matched by position and fingerprint, as before', async () => {
    const path = oldFile(items)
    const transport = echo()
    expect(await refusal(parallelRequests(items.toReversed(), { transport, resume: path }))).toContain('another one')
    expect(await refusal(parallelRequests(items.slice(1), { transport, resume: path }))).toContain('a shorter one')
    expect(transport.requests).toEqual([])
  })
})
