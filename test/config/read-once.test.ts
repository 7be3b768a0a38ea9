/** However a call is made, each of its options is read once: the getter, the reader, the body, the file of proxies. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AnyOption } from '../../src/config/option.ts'
import { OPTIONS } from '../../src/config/table.ts'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'

// Nothing listens there, so that every request fails at once; what counts has been read by then.
const NOBODY = 'http://127.0.0.1:9/'
const SENT = { a: 1, list: [1, 2, 3] }
const CLIENT: Readonly<Record<string, unknown>> = {
  concurrency: 3,
  rateLimit: '100/s',
  perHost: { concurrency: 2 },
  cookies: { a: '1' },
  tls: {},
}
const ANY: Readonly<Record<string, unknown>> = {
  json: SENT,
  headers: { 'x-a': '1' },
  auth: { bearer: 'b' },
  timeout: '5s',
  maxRetries: 0,
  retry: { statuses: [503] },
  secretNames: ['x-a'],
  userAgent: 'test',
}
const CALL: Readonly<Record<string, unknown>> = { returnType: 'text', onFailure: 'settle', keys: ['one'] }

const reads = new Map<string, number>()
const gets = new Map<string, number>()
const add = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)

beforeEach(() => {
  reads.clear()
  gets.clear()
  for (const [name, option] of Object.entries(OPTIONS)) {
    const read = option.read as (...args: unknown[]) => unknown
    vi.spyOn(option as AnyOption, 'read').mockImplementation((...args) => {
      add(reads, name)
      return read(...args)
    })
  }
})
afterEach(() => void vi.restoreAllMocks())

/** The same options behind getters that count. */
function counted(options: object): object {
  const watched = {}
  for (const [name, value] of Object.entries(options)) {
    Object.defineProperty(watched, name, { enumerable: true, get: () => (add(gets, name), value as unknown) })
  }
  return watched
}

const onceEach = (options: object): Map<string, number> => new Map(Object.keys(options).map(name => [name, 1]))

function expectOnce(options: object, texts: { mock: { calls: unknown[][] } }): void {
  expect(gets).toEqual(onceEach(options))
  expect(reads).toEqual(onceEach(options))
  expect(texts.mock.calls.filter(([value]) => value === SENT)).toHaveLength(1)
}

describe('each option is read once, and a json body is serialised once', () => {
  const all = { ...CLIENT, ...ANY, ...CALL }

  test('in a one-shot call', async () => {
    const texts = vi.spyOn(JSON, 'stringify')
    await parallelRequests([NOBODY], counted(all) as never)
    expectOnce(all, texts)
  })

  test('in a one-shot call that names its URLs beside its options', async () => {
    const texts = vi.spyOn(JSON, 'stringify')
    await parallelRequests(counted({ urls: [NOBODY], ...all }) as never)
    gets.delete('urls')
    expectOnce(all, texts)
  })

  test('in a sync call', () => {
    const texts = vi.spyOn(JSON, 'stringify')
    parallelRequestsSync([NOBODY], counted(all) as never)
    expectOnce(all, texts)
  })

  test('in a client and its call, whichever of them has the body', async () => {
    const texts = vi.spyOn(JSON, 'stringify')
    await using client = new ParallelRequests(counted({ ...CLIENT, ...ANY }))
    await client.request([NOBODY], counted(CALL) as never)
    expectOnce(all, texts)
  })

  test('in a client that sends two batches: its own options are not read again', async () => {
    const texts = vi.spyOn(JSON, 'stringify')
    await using client = new ParallelRequests(counted({ ...CLIENT, ...ANY }))
    await client.request([NOBODY], { onFailure: 'settle' })
    await client.request([NOBODY], { onFailure: 'settle' })
    expect(gets).toEqual(onceEach({ ...CLIENT, ...ANY }))
    expect(texts.mock.calls.filter(([value]) => value === SENT)).toHaveLength(1)
  })
})

describe('a proxyFile is opened once', () => {
  test.each([
    ['in a one-shot call', (options: object) => parallelRequests([NOBODY], options)],
    ['in a sync call', (options: object) => parallelRequestsSync([NOBODY], options)],
  ])('%s', async (_, call) => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'read-once-'))
    const path = join(folder, 'proxies.txt')
    fs.writeFileSync(path, '127.0.0.1:9\n')
    const { readFileSync } = fs
    const opened = vi.fn<(path: unknown) => void>()
    fs.readFileSync = ((...args: Parameters<typeof readFileSync>) => {
      opened(args[0])
      return readFileSync(...args)
    }) as typeof readFileSync
    syncBuiltinESMExports()
    onTestFinished(() => {
      fs.rmSync(folder, { recursive: true })
      fs.readFileSync = readFileSync
      syncBuiltinESMExports()
    })
    await call({ proxyFile: path, maxRetries: 0, onFailure: 'settle' })
    expect(opened.mock.calls.filter(([file]) => file === path)).toHaveLength(1)
  })
})
