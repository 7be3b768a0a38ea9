/** What a flag has read is what the client and its call get: nothing is written back into text and read again. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sandbox } from './sandbox.ts'
import { run } from '../../src/cli/commands/run.ts'
import { optionsOf } from '../../src/cli/flag-words.ts'
import { FLAG_NAMES, flagOf } from '../../src/cli/flags.ts'
import type { FlagName } from '../../src/cli/flags.ts'
import type { GivenFlags } from '../../src/cli/settings.ts'
import type { AnyOption } from '../../src/config/option.ts'
import { OPTIONS } from '../../src/config/table.ts'

const got: { client?: Record<string, unknown>; call?: Record<string, unknown> } = {}

const NO_STATISTICS = vi.hoisted(() => ({
  ok: 0,
  failed: 0,
  restored: 0,
  elapsedMs: 0,
  codes: {},
  series: { startedAt: 0 },
  hosts: [],
}))

vi.mock('../../src/client/open-client.ts', () => ({
  OpenClient: class {
    constructor(values: Record<string, unknown>) {
      got.client = values
    }
    stream(_input: unknown, values: Record<string, unknown>): unknown {
      got.call = values
      return { async *[Symbol.asyncIterator]() {}, stop() {}, statistics: () => NO_STATISTICS }
    }
    stats(): unknown {
      return { running: 0, lanes: [] }
    }
    async close(): Promise<void> {}
  },
}))

const reads = new Map<string, number>()

beforeEach(() => {
  reads.clear()
  for (const [name, option] of Object.entries(OPTIONS)) {
    const read = option.read as (...args: unknown[]) => unknown
    vi.spyOn(option as AnyOption, 'read').mockImplementation((...args) => {
      reads.set(name, (reads.get(name) ?? 0) + 1)
      return read(...args)
    })
  }
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true)
})
afterEach(() => void vi.restoreAllMocks())

/** Flags whose values are in each request, or are a function that looks at it: there is no value to hand over. */
const IN_EACH_REQUEST: ReadonlySet<FlagName> = new Set([
  ...(['header', 'param', 'json', 'body', 'form', 'multipart', 'auth', 'bearer', 'cost', 'checksum'] as const),
  ...(['token-command', 'oauth-token-url', 'oauth-client', 'oauth-scope', 'oauth-client-auth'] as const),
  'oauth-refresh-token',
  ...(['limit-key', 'save', 'overwrite', 'resume'] as const),
  // Fields of paginate, which are read together.
  ...(['next', 'page-param', 'total', 'page-size', 'page-size-param'] as const),
])

/** A switch off would be the default: what else it is set to. */
const SWITCHES: Readonly<Record<string, unknown>> = {
  'no-cookies': false,
  'fail-fast': 1,
  'ignore-server-limits': false,
  'no-follow': false,
  'keep-method': 'keep_method',
  insecure: false,
  poll: {},
}

type Case = readonly [text: string, value: unknown, beside?: GivenFlags]

const VALUES: Partial<Record<FlagName, Case>> = {
  'base-url': ['http://127.0.0.1:9/v1', 'http://127.0.0.1:9/v1/'],
  method: ['patch', 'PATCH'],
  cookie: ['a=1', { a: '1' }],
  items: ['data.list', 'data.list'],
  paginate: ['link', { plan: expect.objectContaining({ style: 'link' }), items: undefined }],
  'poll-status': ['status', 'status'],
  'poll-done': ['a,b', ['a', 'b']],
  'poll-failed': ['c', ['c']],
  'poll-interval': ['2s', 2_000],
  'poll-deadline': ['5m', 300_000],
  'poll-url': ['urls.get', 'urls.get'],
  'poll-result': ['output', 'output'],
  'max-items': ['5', 5, [['items', 'data']]],
  'max-pages': ['6', 6],
  'max-depth': ['7', 7],
  'cookie-file': ['jar.json', 'jar.json'],
  'user-agent': ['test', 'test'],
  as: ['bytes', 'content'],
  order: ['input', 'input'],
  window: ['7', 7],
  'unknown-writes': ['resend', 'resend', [['resume', true]]],
  durability: ['power', 'power', [['resume', true]]],
  'max-failures': ['7', 7],
  workers: ['2', 2],
  concurrency: ['auto', 'auto'],
  'max-concurrency': ['7', 7, [['concurrency', 'auto']]],
  rate: ['10/s', [{ limit: 10, intervalMs: 1_000, burst: undefined }]],
  'rate-burst': ['7', 7, [['rate', '10/s']]],
  'per-host': ['7', 7],
  'per-host-rate': ['100/m', [{ limit: 100, intervalMs: 60_000, burst: undefined }]],
  'host-limit': ['A.test=3', { 'a.test': { concurrency: 3, names: ['a.test'] } }],
  budget: ['tokens=9/m', { tokens: [{ limit: 9, intervalMs: 60_000, burst: undefined }] }],
  'breaker-failures': ['7', 7],
  'breaker-window': ['7s', 7_000],
  'breaker-cooldown': ['7s', 7_000],
  'secret-name': ['x-a', ['x-a']],
  retries: ['none', Infinity],
  'retry-methods': ['get,POST', ['GET', 'POST']],
  'retry-statuses': ['503,429', [503, 429]],
  backoff: ['7ms', 7],
  'max-backoff': ['0s', 0],
  'retry-share': ['0.5', 0.5],
  'retry-reserve': ['7', 7],
  'max-retry-after': ['1m30s', 90_000],
  // A number of milliseconds below 100 is refused in code, where it may be meant as seconds.
  timeout: ['7ms', 7],
  'connect-timeout': ['7ms', 7],
  'headers-timeout': ['none', Infinity],
  'idle-timeout': ['7s', 7_000],
  'total-timeout': ['7s', 7_000],
  'min-speed': ['1KiB/s', 1_024],
  'min-speed-over': ['7s', 7_000],
  'max-redirects': ['7', 7],
  'max-bytes': ['1KiB', 1_024],
  'max-header-bytes': ['1KiB', 1_024],
  'max-json-depth': ['none', Infinity],
  'retry-only': ['5xx, timeout', ['http/5xx', 'timeout'], [['resume', true]]],
  'max-error-body': ['0', 0],
  'response-headers': ['ETag, x-a', ['etag', 'x-a'], [['resume', true]]],
  'content-coding': ['raw', 'raw'],
  proxy: ['none', { kind: 'direct' }],
  'proxy-file': ['proxies.txt', { kind: 'proxies', proxies: [expect.objectContaining({ port: 9 })] }],
  'proxy-selection': ['random', 'random', [['proxy-file', 'proxies.txt']]],
  'proxy-cooldown': ['0s', 0],
  'tls-ca': ['ca.pem', PEM()],
}

/** Never parsed here: roots are only looked at when a connection is made. */
function PEM(): string {
  return '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'
}

/** Covered by the tests of TLS: they need a real certificate. */
const WITH_A_KEY: ReadonlySet<FlagName> = new Set(['tls-cert', 'tls-key', 'tls-pfx', 'tls-passphrase'])

const SET = FLAG_NAMES.filter(
  name => optionsOf(name).length > 0 && !IN_EACH_REQUEST.has(name) && !WITH_A_KEY.has(name) && name !== 'accept',
)

async function runWith(flags: GivenFlags): Promise<void> {
  const { folder } = sandbox(onTestFinished)
  writeFileSync(join(folder, 'proxies.txt'), '127.0.0.1:9\n')
  writeFileSync(join(folder, 'ca.pem'), PEM())
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
  const output: GivenFlags = flags.some(([name]) => name === 'resume') ? [['output', 'out.jsonl']] : []
  const isPasted = flags.some(([name]) => name === 'curl')
  await run(isPasted ? [] : ['http://127.0.0.1:9/'], [...flags, ...output])
}

/** The value of the option, or of its field, that the client or its call got. */
function valueAt(path: string): unknown {
  return path.split('.').reduce<unknown>((of, field) => (of as Record<string, unknown> | undefined)?.[field], {
    ...got.client,
    ...got.call,
  })
}

describe('The engine gets the value that was read, and no reader of an option runs twice:', () => {
  test.each(SET)('--%s', async name => {
    const [text, value, beside = []] = VALUES[name] ?? [true, name in SWITCHES ? SWITCHES[name] : true, []]
    expect(typeof text === 'string').toBe(flagOf(name).takes !== undefined)
    const needed: GivenFlags = name === 'retry-failed' ? [['resume', true]] : beside
    await runWith([...needed, [name, text as string | true]])
    const [path = ''] = optionsOf(name).map(({ option }) => option)
    expect(valueAt(path)).toEqual(value)
    expect([...reads.values()].filter(count => count > 1)).toEqual([])
  })

  test('--accept, as a function of the status', async () => {
    await runWith([['accept', '2xx,404']])
    const accepts = valueAt('acceptStatus') as (status: number) => boolean
    expect([200, 299, 404, 300, 500].map(accepts)).toEqual([true, true, true, false, false])
  })

  test('several flags of one option, and a pasted command beside them', async () => {
    await runWith([
      ['curl', 'curl -m 9 --max-redirs 3 -L http://127.0.0.1:9/'],
      ['connect-timeout', '1s'],
      ['idle-timeout', '2s'],
      ['proxy-file', 'proxies.txt'],
    ])
    expect(got.client).toMatchObject({ timeout: 9_000, maxRedirects: 3, timeouts: { connect: 1_000, idle: 2_000 } })
    expect([...reads.values()].filter(count => count > 1)).toEqual([])
  })
})
