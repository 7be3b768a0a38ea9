import { createReadStream, openAsBlob } from 'node:fs'
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { MultipartInput, RequestSpec } from '../../src/index.ts'
import { ask, clientOf, verdictOf } from '../support/ask.ts'
import { fc } from '../support/property.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawRequest } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'
import { sized } from '../support/size.ts'

let folder = ''
let photo = ''
const BYTES = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preq-upload-'))
  photo = join(folder, 'photo.jpg')
  await writeFile(photo, BYTES)
})
afterAll(() => rm(folder, { recursive: true }))

/** A body as another parser reads it. */
function parsed({ headers }: RawRequest, raw: Uint8Array): Promise<FormData> {
  return new Response(raw, { headers: { 'content-type': headers.get('content-type') ?? '' } }).formData()
}

/** Sends one request and returns it as the server read it, with its body as bytes. */
async function sent(spec: Partial<RequestSpec>): Promise<{ request: RawRequest; bytes: Buffer; form: FormData }> {
  await using server = await rawServer(answering(connection => connection.reply()))
  const outcome = await ask({ ...spec, url: server.origin })
  expect(verdictOf(outcome)).toBe('ok')
  const request = server.requests[0] as RawRequest
  const all = Buffer.from(server.connections[0]?.text ?? '', 'latin1')
  const raw = all.subarray(all.indexOf('\r\n\r\n') + 4)
  const bytes = request.headers.get('transfer-encoding') === null ? raw : unchunked(raw)
  return { request, bytes, form: await parsed(request, bytes) }
}

function unchunked(raw: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const end = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.subarray(at, end).toString(), 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(raw.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

async function fileOf(form: FormData, name: string): Promise<[name: string, type: string, bytes: Buffer]> {
  const file = form.get(name) as File
  return [file.name, file.type, Buffer.from(await file.arrayBuffer())]
}

describe('multipart', () => {
  it('sends fields, files from disk, Blobs, bytes and text in order, with their total length', async () => {
    const { request, bytes, form } = await sent({
      multipart: {
        title: 'Holiday "2026" ünï',
        count: 3,
        tags: ['sea', 'sun'],
        left: undefined,
        photo: { path: photo, type: 'image/jpeg' },
        again: { path: pathToFileURL(photo), filename: 'ünï "x".bin' },
        blob: new Blob(['blob'], { type: 'text/plain' }),
        file: new File(['file'], 'file.txt'),
        bytes: new Uint8Array([1, 2, 3]),
        text: { data: 'a\nb', filename: 'a.txt', type: 'text/plain' },
        empty: { data: new Uint8Array(0), filename: 'none' },
      },
    })
    expect(request.method).toBe('POST')
    expect(request.headers.get('content-length')).toBe(String(bytes.byteLength))
    expect(request.headers.get('transfer-encoding')).toBeNull()
    expect([...form.keys()]).toEqual('title count tags tags photo again blob file bytes text empty'.split(' '))
    expect([form.get('title'), form.get('count'), form.getAll('tags')]).toEqual([
      'Holiday "2026" ünï',
      '3',
      ['sea', 'sun'],
    ])
    expect(await fileOf(form, 'photo')).toEqual(['photo.jpg', 'image/jpeg', BYTES])
    expect(await fileOf(form, 'again')).toEqual(['ünï "x".bin', 'application/octet-stream', BYTES])
    expect(await fileOf(form, 'blob')).toEqual(['blob', 'text/plain', Buffer.from('blob')])
    expect(await fileOf(form, 'file')).toEqual(['file.txt', 'application/octet-stream', Buffer.from('file')])
    expect(await fileOf(form, 'bytes')).toEqual(['blob', 'application/octet-stream', Buffer.from([1, 2, 3])])
    expect(await fileOf(form, 'text')).toEqual(['a.txt', 'text/plain', Buffer.from('a\nb')])
    expect(await fileOf(form, 'empty')).toEqual(['none', 'application/octet-stream', Buffer.alloc(0)])
  })

  it('sends data with filename null as a field, with the given type', async () => {
    const { bytes } = await sent({
      multipart: {
        meta: { data: '{"a":\n1}', filename: null, type: 'application/json' },
        text: { path: photo, filename: null },
      },
    })
    const body = bytes.toString('latin1')
    expect(body).toContain('name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":\n1}\r\n')
    expect(body).toContain(`name="text"\r\n\r\n${BYTES.toString('latin1')}\r\n`)
  })

  it('accepts web and Node streams, sent in chunks unless their length is given', async () => {
    const web = (): ReadableStream => new Blob(['web']).stream()
    const chunked = await sent({ multipart: { a: { data: web() }, b: { data: () => createReadStream(photo) } } })
    expect(chunked.request.headers.get('transfer-encoding')).toBe('chunked')
    expect((await fileOf(chunked.form, 'a'))[2].toString()).toBe('web')
    expect((await fileOf(chunked.form, 'b'))[2]).toEqual(BYTES)
    const known = await sent({ multipart: { a: { data: Readable.from(['x', 'yz']), bytes: 3 } } })
    expect(known.request.headers.get('content-length')).toBe(String(known.bytes.byteLength))
    expect((await fileOf(known.form, 'a'))[2].toString()).toBe('xyz')
  })

  it.each([2, 4])('fails a stream that does not have the announced %i bytes', async bytes => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const outcome = await ask({
      url: server.origin,
      multipart: { a: { data: () => new Blob(['xyz']).stream(), bytes } },
    })
    expect(verdictOf(outcome)).toBe('invalid_request/body')
    expect(server.requests).toEqual([])
  })

  it.each(['body', 'multipart'])('accepts a FormData as %s, like fetch', async field => {
    const given = new FormData()
    given.append('line', 'a\nb\r\nc\rd')
    given.append('naïve "x"', '✓')
    given.append('file', new File(['x'], 'ü".txt', { type: 'text/plain' }))
    const { form, bytes, request } = await sent({ [field]: given })
    const theirs = new Response(given)
    const withoutBoundary = (text: string, contentType: string | null): string =>
      text.replaceAll(/boundary=(.*)$/.exec(contentType ?? '')?.[1] as string, 'B')
    expect(withoutBoundary(bytes.toString(), request.headers.get('content-type'))).toBe(
      withoutBoundary(await theirs.clone().text(), theirs.headers.get('content-type')),
    )
    expect(form.get('line')).toBe('a\r\nb\r\nc\r\nd')
  })

  it('encodes any names, fields and files like fetch', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    // Node differs from browsers for a file without a name.
    const name = text.map(made => `n${made.replaceAll(/\p{Cc}/gu, '_')}`)
    await using server = await rawServer(answering(connection => connection.reply()))
    const client = clientOf()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, text, fc.option(name)), { maxLength: 5 }), async fields => {
        const form = new FormData()
        for (const [field, value, filename] of fields) {
          if (filename === null) form.append(field, value)
          else form.append(field, new Blob([value]), filename)
        }
        const before = server.connections[0]?.text.length ?? 0
        await client.request({ url: server.origin, multipart: form })
        const came = Buffer.from(server.connections[0]?.text.slice(before) ?? '', 'latin1')
        const headEnd = came.indexOf('\r\n\r\n') + 4
        const boundary = /boundary=(\S+)/.exec(came.subarray(0, headEnd).toString())?.[1] as string
        const theirs = new Response(form)
        const theirBoundary = /boundary=(\S+)/.exec(theirs.headers.get('content-type') ?? '')?.[1] as string
        const ours = came.subarray(headEnd).toString()
        expect(ours.replaceAll(boundary, 'B')).toBe((await theirs.text()).replaceAll(theirBoundary, 'B'))
      }),
      { numRuns: sized(200, 50) },
    )
    await client.close()
  })

  it('has a different boundary for each request, which no header of the caller replaces', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const headers = { 'content-type': 'multipart/form-data' }
    const client = clientOf({ headers, concurrency: 1 })
    await client.request([
      { url: server.origin, multipart: { a: 1 } },
      { url: server.origin, multipart: { a: 1 }, headers },
    ])
    await client.close()
    const types = server.requests.map(request => request.headers.get('content-type'))
    for (const type of types) expect(type).toMatch(/^multipart\/form-data; boundary=preq-[0-9a-f]{32}$/)
    expect(new Set(types).size).toBe(2)
  })

  it('is sent again completely: after a 503, and to the target of a 307', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.reply('', { status: '503 Busy' })
      await connection.request()
      await connection.reply('', { status: '307 There', headers: 'Location: /there\r\n' })
      await connection.request()
      await connection.reply()
    })
    const outcome = await ask({
      url: server.origin,
      method: 'PUT',
      maxRetries: 1,
      multipart: { photo: { path: photo } },
    })
    expect(verdictOf(outcome)).toBe('ok')
    expect(server.requests.map(({ path }) => path)).toEqual(['/', '/', '/there'])
    expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1)
  })

  it('is not sent again if it holds a stream that is consumed', async () => {
    await using server = await rawServer(
      answering(connection => connection.reply('', { status: '307 There', headers: 'Location: /there\r\n' })),
    )
    const redirected = await ask({ url: server.origin, multipart: { a: { data: Readable.from(['x']) } } })
    expect(verdictOf(redirected)).toBe('redirect/body_not_replayable')
    const streams = [{ data: Readable.from(['x']) }]
    const busy = await rawServer(answering(connection => connection.reply('', { status: '503 Busy' })))
    const outcome = await ask({ url: busy.origin, method: 'PUT', maxRetries: 2, multipart: { a: streams } })
    expect([verdictOf(outcome), outcome.attempts]).toEqual(['http/503', 1])
    await busy.close()
  })

  it('may be in the options, for every request of a batch', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const client = clientOf({ concurrency: 1 })
    await client.request([server.origin, server.origin], { multipart: { photo: { path: photo } } })
    await expect(
      client.request([server.origin, server.origin], { multipart: { photo: { data: createReadStream(photo) } } }),
    ).rejects.toThrow('body: expected one for all URLs, got a stream')
    await client.close()
    expect(server.requests).toHaveLength(2)
  })
})

describe('a file that is uploaded', () => {
  it.each(['missing.jpg', '.'])('fails only its request, with nothing sent, if it is %s', async name => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const outcome = await ask({ url: server.origin, multipart: { photo: { path: join(folder, name) } } })
    expect(outcome.error).toMatchObject({ code: 'invalid_request/file', attempts: 1 })
    expect(outcome.error?.message).toContain('cannot read the file of multipart.photo: ')
    expect(server.accepted).toBe(0)
  })

  it.each([
    ['grows', (path: string) => appendFile(path, 'more')],
    ['shrinks', (path: string) => writeFile(path, 'less')],
    ['is rewritten', (path: string) => utimes(path, 1, 1)],
  ])('never arrives complete if it %s meanwhile', async (_how, change) => {
    const path = join(folder, 'changing')
    await writeFile(path, Buffer.alloc(8 * 2 ** 20))
    await using server = await rawServer(async connection => {
      await connection.expect('\r\n\r\n')
      connection.pause()
      await change(path)
      connection.resume()
      await connection.closed
    })
    const outcome = await ask({ url: server.origin, multipart: { file: { path } } })
    expect(verdictOf(outcome)).toBe('invalid_request/file_changed')
    expect(server.connections[0]?.text).not.toMatch(/--preq-[0-9a-f]+--/)
  })

  it('is read no faster than the server accepts it, in constant memory', async () => {
    const path = join(folder, 'large')
    await writeFile(path, Buffer.alloc(sized(64, 8) * 2 ** 20, 'x'))
    let grownBy = Infinity
    await using server = await rawServer(async connection => {
      await connection.expect('\r\n\r\n')
      connection.pause()
      const before = process.memoryUsage().arrayBuffers
      await connection.wait(200)
      grownBy = process.memoryUsage().arrayBuffers - before
      connection.rst()
    })
    const outcome = await ask({ url: server.origin, multipart: { file: { path } } })
    expect(verdictOf(outcome)).toBe('in_doubt/reset')
    // What both kernels hold for the connection has been read as well.
    expectFigure(grownBy).toBeLessThan(24 * 2 ** 20)
  })
})

describe('a Blob', () => {
  it.each([0, 5, 100_000])('of %i bytes is sent unchanged, with its length and its type', async size => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const body = new Blob(['x'.repeat(size)], { type: 'image/png' })
    expect(verdictOf(await ask({ url: server.origin, body }))).toBe('ok')
    const [request] = server.requests
    expect(request?.headers.get('content-type')).toBe('image/png')
    expect(request?.headers.get('content-length')).toBe(String(size))
    expect(request?.body).toHaveLength(size)
  })

  it('of a file on disk, or from a function, is streamed and can be sent again', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.reply('', { status: '503 Busy' })
      await connection.request()
      await connection.reply()
    })
    const outcome = await ask({ url: server.origin, method: 'PUT', maxRetries: 1, body: await openAsBlob(photo) })
    expect(verdictOf(outcome)).toBe('ok')
    expect(server.requests.map(({ body }) => Buffer.from(body).byteLength > 100_000)).toEqual([true, true])
    await using other = await rawServer(answering(connection => connection.reply()))
    await ask({ url: other.origin, body: () => new Blob(['made']) })
    expect(other.requests[0]?.body).toContain('made')
  })
})

describe('uploads and other ways of sending', () => {
  it('are sent by the client itself if there are workers', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const client = new ParallelRequests({ workers: 1 })
    const uploads: MultipartInput[] = [{ photo: { path: photo } }, { text: 'x' }]
    await client.request(uploads.map(multipart => ({ url: server.origin, multipart })))
    await client.close()
    expect(server.requests).toHaveLength(2)
  })

  it('are aborted at once with their request', async () => {
    await using server = await rawServer(async connection => {
      await connection.expect('\r\n\r\n')
      connection.pause()
      await connection.closed
    })
    const path = join(folder, 'stuck')
    await writeFile(path, Buffer.alloc(16 * 2 ** 20))
    const outcome = await ask({ url: server.origin, timeout: 3_000, multipart: { file: { path } } })
    expect(verdictOf(outcome)).toBe('in_doubt/timeout')
  })
})

describe('the timeouts of an upload', () => {
  it('timeouts.headers starts once the body is written, however long that takes', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const body = async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 8; piece++) {
        await new Promise(resolve => setTimeout(resolve, 50))
        yield Buffer.alloc(1_000)
      }
    }
    const outcome = await ask({ url: server.origin, method: 'PUT', body }, { timeouts: { headers: 200 } })
    expect(verdictOf(outcome)).toBe('ok')
  })

  it('an upload that stalls ends with timeout/idle', async () => {
    await using server = await rawServer(connection => connection.pause())
    const limits = { timeouts: { idle: 200, headers: 400 } }
    const outcome = await ask({ url: server.origin, method: 'PUT', body: Buffer.alloc(30e6) }, limits)
    expect(verdictOf(outcome)).toBe('timeout/idle')
  })
})
