/**
 * `returnType: 'file'`: complete under its name or absent, inside its folder, and resumed only if a validator proves it
 * unchanged.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { RequestSpec, SaveTo } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, clientOf, until, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { covers } from '../support/hostile/record.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { threadServer } from '../support/thread-server.ts'
import type { RawRequest, Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const BYTES = randomBytes(1_000_000)
const SHA256 = `sha256:${createHash('sha256').update(BYTES).digest('hex')}`
const OK = 'HTTP/1.1 200 OK\r\n'
const STRONG = 'ETag: "one"\r\n'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'preq-save-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const there = (): string[] => readdirSync(folder).toSorted()

async function save(spec: string | RequestSpec, options: AskOptions & { saveTo?: SaveTo; checksum?: string } = {}) {
  const client = clientOf({ saveTo: folder, retry: HASTY, ...options })
  const outcome = await client.request(spec, { returnType: 'file', onFailure: 'settle' })
  await client.close()
  return outcome
}

/** Sends the headers of the whole body, and closes after `bytes`. */
const cutting =
  (bytes: number, headers = STRONG): Script =>
  async connection => {
    await connection.request()
    await connection.send(`${OK}${headers}Content-Length: ${BYTES.length}\r\n\r\n`)
    await connection.send(BYTES.subarray(0, bytes))
    await connection.wait(50)
    connection.fin()
  }

/** Keeps the requests that it answers. */
function recorded(
  asked: RawRequest[],
  answer: (request: RawRequest) => { body: Buffer; status?: string; headers?: string },
) {
  return answering((connection, request) => {
    asked.push(request)
    const { body, ...rest } = answer(request)
    return connection.reply(body, rest)
  })
}

const fromOf = ({ headers }: RawRequest): number => Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1])

describe("returnType 'file'", () => {
  it.each(['identity', 'gzip'])('saves the decoded body, and returns its path and size: %s', async coding => {
    const body = coding === 'gzip' ? gzipSync(BYTES) : BYTES
    await using server = await rawServer(
      answering(connection => connection.reply(body, { headers: `Content-Encoding: ${coding}\r\n` })),
    )
    const outcome = await save(`${server.origin}/a/photo.jpg?size=2`, { checksum: SHA256 })
    expect(outcome.value).toEqual({ path: join(folder, 'photo.jpg'), bytes: BYTES.length })
    expect(outcome.response?.bytes).toBe(BYTES.length)
    expect(readFileSync(join(folder, 'photo.jpg')).equals(BYTES)).toBe(true)
    expect(there()).toEqual(['photo.jpg'])
    expect(server.connections[0]?.requests[0]?.headers.get('accept-encoding')).toBe('identity')
  })

  it('creates its folder, and saves nothing of a response that is not a success', async () => {
    await using server = await rawServer(
      answering((connection, { path }) =>
        path === '/gone' ? connection.reply('error page', { status: '404 Not Found' }) : connection.reply(''),
      ),
    )
    const saveTo = join(folder, 'made')
    const refused = await save(`${server.origin}/gone`, { saveTo })
    expect(verdictOf(refused)).toBe('http/404')
    expect(refused.error?.response?.text()).toBe('error page')
    expect(readdirSync(saveTo)).toEqual([])
    const empty = await save(`${server.origin}/`, { saveTo })
    expect(empty.value).toEqual({ path: join(saveTo, 'index'), bytes: 0 })
    expect(readdirSync(saveTo)).toEqual(['index'])
  })

  it.each([
    ['cut short', cutting(500_000, ''), 'truncated/length'],
    [
      'a chunk cut short',
      async connection => {
        await connection.request()
        await connection.send(`${OK}Transfer-Encoding: chunked\r\n\r\nffff\r\nabc`)
        await connection.wait(50)
        connection.fin()
      },
      'truncated/chunked',
    ],
    [
      'a coding cut short',
      answering(connection =>
        connection.reply(gzipSync(BYTES).subarray(0, -9), { headers: 'Content-Encoding: gzip\r\n' }),
      ),
      'decode/truncated',
    ],
  ] satisfies [string, Script, string][])('leaves nothing of a body with %s', async (_what, script, code) => {
    await using server = await rawServer([script])
    expect(verdictOf(await save(`${server.origin}/x`))).toBe(code)
    expect(there()).toEqual([])
  })

  it('is limited by maxResponseBytes, compressed or not', async () => {
    await using server = await rawServer(
      answering((connection, { path }) =>
        path === '/bomb'
          ? connection.reply(gzipSync(Buffer.alloc(16 * 2 ** 20)), { headers: 'Content-Encoding: gzip\r\n' })
          : connection.reply(BYTES),
      ),
    )
    expect(verdictOf(await save(`${server.origin}/bomb`, { maxResponseBytes: '1MiB' }))).toBe('too_large/decoded')
    expect(verdictOf(await save(`${server.origin}/x`, { maxResponseBytes: '1kB' }))).toBe('too_large/body')
    expect(there()).toEqual([])
    expect((await save(`${server.origin}/bomb`)).value).toEqual({ path: join(folder, 'bomb'), bytes: 16 * 2 ** 20 })
  })

  it('ends within 100 ms of an abort, and leaves nothing', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(`${OK}Content-Length: 1000000\r\n\r\n`)
      await connection.send(BYTES.subarray(0, 100_000))
      await connection.closed
    })
    const controller = new AbortController()
    const saving = save(`${server.origin}/x`, { signal: controller.signal })
    await until(() => there().includes('x.part'))
    const abortedAtMs = performance.now()
    controller.abort()
    expect(verdictOf(await saving)).toBe('aborted/in_flight')
    expectFigure(performance.now() - abortedAtMs).toBeLessThan(100)
    expect(there()).toEqual([])
  })

  it('works with a transport without streaming, with worker threads and in the sync call', async () => {
    const transport = mockTransport(() => ({ text: 'mocked' }))
    expect((await save('http://a.test/mock.txt', { transport })).ok).toBe(true)
    expect(readFileSync(join(folder, 'mock.txt'), 'utf8')).toBe('mocked')
    await using server = await rawServer(answering(connection => connection.reply(BYTES)))
    expect((await save(`${server.origin}/thread`, { workers: 1 })).ok).toBe(true)
    expect(readFileSync(join(folder, 'thread')).equals(BYTES)).toBe(true)
  })
})

describe('a download that was cut', () => {
  it('resumes where it ended if a strong validator proves the file unchanged', async () => {
    const asked: RawRequest[] = []
    await using server = await rawServer([
      cutting(400_000),
      recorded(asked, request => ({
        body: BYTES.subarray(fromOf(request)),
        status: '206 Partial Content',
        headers: `${STRONG}Content-Range: bytes ${fromOf(request)}-${BYTES.length - 1}/${BYTES.length}\r\n`,
      })),
    ])
    const outcome = await save(`${server.origin}/x`, {
      maxRetries: 1,
      checksum: SHA256,
      acceptStatus: status => status === 200,
    })
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.response?.status).toBe(200)
    expect(outcome.value).toEqual({ path: join(folder, 'x'), bytes: BYTES.length })
    expect(readFileSync(join(folder, 'x')).equals(BYTES)).toBe(true)
    expect(asked.map(({ headers }) => headers.get('if-range'))).toEqual(['"one"'])
    expect(fromOf(asked[0] as RawRequest)).toBeGreaterThan(0)
    expect(there()).toEqual(['x'])
    covers(import.meta.url, {
      row: 33,
      name: 'a download that is cut short, from a server with a strong ETag',
      outcome: '`ok`; the download resumes where it ended',
      retry: 'I',
      socket: '–',
    })
  })

  it.each([
    ['weak', 'ETag: W/"one"\r\n'],
    ['missing', ''],
    ['twice there', 'ETag: "one"\r\nETag: "two"\r\n'],
    ['only a date', 'Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n'],
    ['useless, for there are no ranges', `${STRONG}Accept-Ranges: none\r\n`],
    ['useless, for the body is coded', `${STRONG}Content-Encoding: x-gzip, identity\r\n`],
  ])('starts again if the validator is %s', async (_what, headers) => {
    const asked: RawRequest[] = []
    await using server = await rawServer([cutting(400_000, headers), recorded(asked, () => ({ body: BYTES }))])
    const outcome = await save(`${server.origin}/x`, { maxRetries: 1, contentCoding: 'raw' })
    expect(verdictOf(outcome)).toBe('ok')
    expect(asked[0]?.headers.has('range')).toBe(false)
    expect(readFileSync(join(folder, 'x')).equals(BYTES)).toBe(true)
  })

  it('starts again if the file has changed meanwhile, and never mixes the two', async () => {
    const other = randomBytes(300_000)
    const asked: RawRequest[] = []
    await using server = await rawServer([
      cutting(900_000),
      recorded(asked, () => ({ body: other, headers: 'ETag: "two"\r\n' })),
    ])
    const outcome = await save(`${server.origin}/x`, { maxRetries: 1 })
    expect(outcome.value).toEqual({ path: join(folder, 'x'), bytes: other.length })
    expect(asked[0]?.headers.has('range')).toBe(true)
    expect(readFileSync(join(folder, 'x')).equals(other)).toBe(true)
  })

  it.each([
    ['of another place', { etag: '"one"', range: (from: number) => `bytes ${from - 1}-999999/1000000` }],
    ['of something longer', { etag: '"one"', range: (from: number) => `bytes ${from}-999999/1000001` }],
    ['of unknown length', { etag: '"one"', range: (from: number) => `bytes ${from}-999999/*` }],
    ['of something that has changed', { etag: '"two"', range: (from: number) => `bytes ${from}-999999/1000000` }],
    ['that says nothing of itself', { etag: '"one"', range: () => 'bytes' }],
  ])('starts again after a part %s', async (_what, { etag, range }) => {
    const asked: RawRequest[] = []
    await using server = await rawServer([
      cutting(400_000),
      recorded(asked, request =>
        request.headers.has('range')
          ? {
              body: Buffer.alloc(BYTES.length - fromOf(request)),
              status: '206 Partial Content',
              headers: `ETag: ${etag}\r\nContent-Range: ${range(fromOf(request))}\r\n`,
            }
          : { body: BYTES, headers: STRONG },
      ),
    ])
    const outcome = await save(`${server.origin}/x`, { maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('ok')
    expect(asked.map(({ headers }) => headers.has('range')).slice(-1)).toEqual([false])
    expect(readFileSync(join(folder, 'x')).equals(BYTES)).toBe(true)
  })

  it('starts again after a 416, and accepts no part that was not requested', async () => {
    const asked: RawRequest[] = []
    await using server = await rawServer([
      cutting(400_000),
      recorded(asked, request =>
        request.headers.has('range')
          ? { body: Buffer.from(''), status: '416 Range Not Satisfiable' }
          : { body: BYTES, headers: STRONG },
      ),
    ])
    expect(verdictOf(await save(`${server.origin}/x`, { maxRetries: 2 }))).toBe('ok')
    expect(readFileSync(join(folder, 'x')).equals(BYTES)).toBe(true)
    await using lying = await rawServer(
      answering(connection => connection.reply('abc', { status: '206 Partial Content' })),
    )
    expect(verdictOf(await save(`${lying.origin}/y`))).toBe('truncated/range')
    const meant = await save({ url: `${lying.origin}/y`, headers: { range: 'bytes=0-2' } })
    expect(meant.value).toEqual({ path: join(folder, 'y'), bytes: 3 })
  })

  it('resumes as often as it is cut, each time from its current end', async () => {
    const asked: RawRequest[] = []
    const part: Script = async connection => {
      const request = await connection.request()
      asked.push(request)
      const from = fromOf(request)
      const headers = `${STRONG}Content-Range: bytes ${from}-999999/1000000\r\nContent-Length: ${BYTES.length - from}\r\n`
      await connection.send(`HTTP/1.1 206 Partial Content\r\n${headers}\r\n`)
      await connection.send(BYTES.subarray(from, asked.length < 4 ? from + 150_000 : undefined))
      await connection.wait(50)
      connection.fin()
    }
    await using server = await rawServer([cutting(150_000), part])
    const outcome = await save(`${server.origin}/x`, { maxRetries: 5, checksum: SHA256 })
    expect(verdictOf(outcome)).toBe('ok')
    expect(readFileSync(join(folder, 'x')).equals(BYTES)).toBe(true)
    const places = asked.map(fromOf)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(new Set(places).size).toBe(4)
  })

  it('by another process is not resumed, and links are not followed', async () => {
    await using server = await rawServer(answering(connection => connection.reply(BYTES)))
    const outside = join(folder, 'outside')
    writeFileSync(outside, 'mine')
    const saveTo = join(folder, 'in')
    mkdirSync(saveTo)
    writeFileSync(join(saveTo, 'a.part'), 'left behind')
    symlinkSync(outside, join(saveTo, 'b.part'))
    symlinkSync(outside, join(saveTo, 'c'))
    symlinkSync(join(folder, 'nowhere'), join(saveTo, 'd'))
    expect(verdictOf(await save(`${server.origin}/a`, { saveTo }))).toBe('ok')
    expect(verdictOf(await save(`${server.origin}/b`, { saveTo }))).toBe('ok')
    expect(verdictOf(await save(`${server.origin}/c`, { saveTo }))).toBe('resource/file')
    expect(verdictOf(await save(`${server.origin}/d`, { saveTo }))).toBe('resource/file')
    expect(readFileSync(outside, 'utf8')).toBe('mine')
    expect(there()).toEqual(['in', 'outside'])
    expect(readdirSync(saveTo).toSorted()).toEqual(['a', 'b', 'c', 'd'])
    covers(import.meta.url, {
      row: 121,
      name: 'a symbolic link in the place of a file of saveTo or of its .part file',
      outcome: '`resource/file`; nothing is written through them',
      retry: '–',
      socket: '–',
    })
  })
})

describe('a resumed run with saved files', () => {
  it('returns the saved files and sends nothing', async () => {
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    const resume = join(folder, 'run.jsonl')
    const client = clientOf({ saveTo: join(folder, 'in') })
    const options = { returnType: 'file', resume } as const
    const first = await client.request([`${server.origin}/x`], options)
    const again = await client.request([`${server.origin}/x`], options)
    await client.close()
    expect(first).toEqual([{ path: join(folder, 'in', 'x'), bytes: 3 }])
    expect(again).toEqual(first)
    expect(server.connections.flatMap(({ requests }) => requests)).toHaveLength(1)
  })
})

describe('a resumed run with new files', () => {
  it('gives each name once: a name of a finished request is not used again, even if its file is gone', async () => {
    await using server = await rawServer(answering((connection, { path }) => connection.reply(path)))
    const resume = join(folder, 'run.jsonl')
    const client = clientOf({ saveTo: join(folder, 'in') })
    const urls = ['/1/x', '/2/x', '/3/x', '/4/x'].map(path => `${server.origin}${path}`)
    const path = (name: string): string => join(folder, 'in', name)
    const options = { returnType: 'file', resume } as const
    await client.request(urls.slice(0, 2), options)
    rmSync(path('x~1'))
    const outcomes = await client.request(urls, options)
    await client.close()
    expect(outcomes.map(one => one.path)).toEqual([path('x'), path('x~1'), path('x~2'), path('x~3')])
    expect(outcomes.map(one => readFileSync(one.path, 'utf8'))).toEqual(['/1/x', '/2/x', '/3/x', '/4/x'])
  })
})

describe('a checksum', () => {
  it('that does not match leaves no file, and the request is retried from the start', async () => {
    await using server = await rawServer([
      answering(connection => connection.reply(Buffer.from('wrong'), { headers: STRONG })),
    ])
    const outcome = await save({ url: `${server.origin}/x`, checksum: SHA256 }, { maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('truncated/checksum')
    expect(outcome.attempts).toBe(3)
    expect(there()).toEqual([])
    const requests = server.connections.flatMap(({ requests: all }) => all)
    expect(requests.some(({ headers }) => headers.has('range'))).toBe(false)
  })

  it.each(['md5', 'sha1', 'sha256', 'sha512'])('may be %s, in upper or lower case', async algorithm => {
    await using server = await rawServer(answering(connection => connection.reply(BYTES)))
    const checksum = `${algorithm}:${createHash(algorithm).update(BYTES).digest('hex')}`.toUpperCase()
    expect(verdictOf(await save(`${server.origin}/x`, { checksum }))).toBe('ok')
  })

  it("requires returnType 'file'", async () => {
    const url = 'http://127.0.0.1:9/'
    await expect(parallelRequests(url, { checksum: SHA256 })).rejects.toThrow(ConfigError)
    const outcome = await parallelRequests({ url, checksum: SHA256 }, { onFailure: 'settle' })
    expect(outcome.error?.code).toBe('invalid_request/options')
  })
})

describe('saveTo', () => {
  it.each([
    ['/a/b/', 'index'],
    ['/a/..%2f..%2fx', '%2E.%2F..%2Fx'],
    ['/%2e%2e%2fx', '%2E.%2Fx'],
    ['/a%5C..%5Cb', 'a%5C..%5Cb'],
    ['/CON', '_CON'],
    ['/con.txt', '_con.txt'],
    ['/a%00b', 'a%00b'],
    ['/.bashrc', '%2Ebashrc'],
    ['/x.part', 'x%2Epart'],
    ['/%E4%BD%A0%E5%A5%BD.txt', '你好.txt'],
    ['/100%25.txt', '100%25.txt'],
    ['/%ff', '%25ff'],
  ])('a folder: %s is saved in it as %s', async (path, name) => {
    const saveTo = join(folder, 'in')
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    const outcome = await save(server.origin + path, { saveTo })
    expect(outcome.value).toEqual({ path: join(saveTo, name), bytes: 3 })
    expect(readdirSync(saveTo)).toEqual([name])
    expect(there()).toEqual(['in'])
  })

  it('a folder: the name comes from the request, not from a redirect or Content-Disposition', async () => {
    await using server = await rawServer(
      answering((connection, { path }) =>
        path === '/mine'
          ? connection.reply('', { status: '302 Found', headers: 'Location: /..%2fevil\r\n' })
          : connection.reply('abc', { headers: 'Content-Disposition: attachment; filename="../evil"\r\n' }),
      ),
    )
    expect((await save(`${server.origin}/mine`)).value).toEqual({ path: join(folder, 'mine'), bytes: 3 })
    covers(import.meta.url, {
      row: 121,
      name: 'Content-Disposition or a redirect suggests another name for a file of saveTo',
      outcome: '`ok`; the name comes from the URL of the request',
      retry: '–',
      socket: '–',
    })
  })

  it('a folder: long names are cut, and the later of two equal names gets its index', async () => {
    await using server = await rawServer(answering((connection, { path }) => connection.reply(path)))
    const client = clientOf({ saveTo: folder })
    const long = `/${'x'.repeat(1_000)}`
    const paths = ['/a.txt', '/b/a.txt', '/A.TXT', long, `${long}y`]
    const saved = await client.request(
      paths.map(path => server.origin + path),
      { returnType: 'file' },
    )
    await client.close()
    expect(saved.slice(0, 3).map(({ path }) => path)).toEqual(
      ['a.txt', 'a~1.txt', 'A~2.TXT'].map(name => join(folder, name)),
    )
    expect(saved.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(paths)
    expect(new Set(saved.map(({ path }) => path)).size).toBe(5)
  })

  it('a function: its path may be promised, and a throw fails only its own request', async () => {
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    const paths: Record<string, () => unknown> = {
      '/path': () => join(folder, 'one'),
      '/url': () => new URL(`file://${folder}/two`),
      '/promise': () => Promise.resolve(join(folder, 'three')),
      '/throw': () => {
        throw new Error('enough')
      },
      '/reject': () => Promise.reject(new Error('enough')),
      '/number': () => 7,
      '/empty': () => '',
      '/nul': () => 'a\0b',
      '/nowhere': () => join(folder, 'no', 'such'),
      '/same': () => join(folder, 'one'),
    }
    const client = clientOf({ saveTo: ({ url }: { url: string }) => paths[new URL(url).pathname]?.() as string })
    const outcomes = await client.request(
      Object.keys(paths).map(path => server.origin + path),
      { returnType: 'file', onFailure: 'settle' },
    )
    await client.close()
    expect(outcomes.map(verdictOf)).toEqual([
      'ok',
      'ok',
      'ok',
      ...Array.from({ length: 5 }, () => 'callback/save_to'),
      'resource/file',
      'resource/file',
    ])
    expect(there()).toEqual(['one', 'three', 'two'])
  })

  it('a function: if it hangs, it delays neither an abort nor timeouts.callback', async () => {
    const hang = (): Promise<string> => new Promise(() => undefined)
    const late = await save('http://127.0.0.1:9/', { saveTo: hang, timeouts: { callback: '50ms' } })
    expect(verdictOf(late)).toBe('timeout/callback')
    const aborted = await save('http://127.0.0.1:9/', { saveTo: hang, signal: AbortSignal.timeout(50) })
    expect(verdictOf(aborted)).toMatch(/^aborted\//)
  })

  it('never replaces an existing file', async () => {
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    writeFileSync(join(folder, 'x'), 'mine')
    const outcome = await save(`${server.origin}/x`)
    expect(verdictOf(outcome)).toBe('resource/file')
    expect(outcome.error?.message).toContain('Move it away')
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('mine')
    expect(server.connections).toEqual([])
    covers(import.meta.url, {
      row: 121,
      name: 'an existing file of saveTo',
      outcome: '`resource/file`; nothing is sent',
      retry: '–',
      socket: '–',
    })
  })

  it('replaces it if a function says so, once the new file is complete', async () => {
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    const path = join(folder, 'x')
    writeFileSync(path, 'mine')
    const refused = await save(`${server.origin}/x`, { saveTo: () => ({ path, overwrite: false }) })
    const wrong = await save(`${server.origin}/x`, {
      saveTo: () => ({ path, overwrite: true }),
      checksum: `sha256:${'0'.repeat(64)}`,
    })
    expect([verdictOf(refused), wrong.ok, readFileSync(path, 'utf8')]).toEqual(['resource/file', false, 'mine'])
    expect((await save(`${server.origin}/x`, { saveTo: () => ({ path, overwrite: true }) })).ok).toBe(true)
    expect([readFileSync(path, 'utf8'), there()]).toEqual(['abc', ['x']])
  })

  it('does not replace a file that was created meanwhile', async () => {
    await using server = await rawServer(
      answering(connection => {
        writeFileSync(join(folder, 'x'), 'mine')
        return connection.reply('abc')
      }),
    )
    expect(verdictOf(await save(`${server.origin}/x`))).toBe('resource/file')
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('mine')
    expect(there()).toEqual(['x'])
  })

  it('a folder: works in the sync call', async () => {
    const server = await threadServer()
    const urls = ['/bytes?n=3', '/b/bytes?n=3'].map(path => server.url + path)
    const saved = parallelRequestsSync(urls, { returnType: 'file', saveTo: folder })
    await server.close()
    expect(saved.map(({ path }) => path)).toEqual([join(folder, 'bytes'), join(folder, 'bytes~1')])
    expect(readFileSync(join(folder, 'bytes'))).toEqual(Buffer.alloc(3, 7))
    expect(there()).toEqual(['bytes', 'bytes~1'])
  })

  it('is required, and cannot be a function in the sync call', async () => {
    const url = 'http://127.0.0.1:9/'
    const [outcome] = await parallelRequests([url], { returnType: 'file', onFailure: 'settle' })
    expect(outcome?.error?.code).toBe('invalid_request/options')
    const saveTo = (): string => 'x'
    expect(() => parallelRequestsSync(url, { returnType: 'file', saveTo })).toThrow(/saveTo: expected a folder/)
    expect(() => parallelRequestsSync([{ url, saveTo }], { returnType: 'file' })).toThrow(/urls\[0\]\.saveTo/)
  })
})

describe('a file that is itself compressed', () => {
  const packed = gzipSync('a tar')
  const answer = (headers: string): Script =>
    answering(connection => connection.reply(packed, { headers: `Content-Encoding: gzip\r\n${headers}` }))

  it.each([
    ['by its name', '/pkg.tar.gz?v=1', ''],
    ['by its type', '/download', 'Content-Type: application/x-gzip\r\n'],
  ])('is saved as it came, whatever coding its server declares: %s', async (_how, path, headers) => {
    await using server = await rawServer(answer(headers))
    const checksum = `sha256:${createHash('sha256').update(packed).digest('hex')}`
    const outcome = await save(server.origin + path, { saveTo: () => join(folder, 'saved'), checksum })
    expect(verdictOf(outcome)).toBe('ok')
    expect(Buffer.compare(readFileSync(join(folder, 'saved')), packed)).toBe(0)
  })

  it.each([
    ['is not packed by its name and type', '/page.html', {}],
    ['was asked for in a coding', '/pkg.tar.gz', { headers: { 'accept-encoding': 'gzip' } }],
  ])('is distinguished from one that %s, which is decoded', async (_what, path, options) => {
    await using server = await rawServer(answer(''))
    expect(verdictOf(await save(server.origin + path, { ...options, saveTo: () => join(folder, 'saved') }))).toBe('ok')
    expect(readFileSync(join(folder, 'saved'), 'utf8')).toBe('a tar')
  })
})

it('an accepted 304 leaves the existing file unchanged', async () => {
  await using server = await rawServer(answering(connection => connection.send('HTTP/1.1 304 Not Modified\r\n\r\n')))
  const path = join(folder, 'kept')
  writeFileSync(path, 'old')
  const outcome = await save(server.origin, {
    saveTo: () => ({ path, overwrite: true }),
    acceptStatus: status => status === 304,
  })
  expect([verdictOf(outcome), outcome.value]).toEqual(['ok', null])
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(there()).toEqual(['kept'])
})
