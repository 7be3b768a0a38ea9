import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { RowError, isRowError, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { failedOutcome, freshFolder, okOutcome, writeTo } from './outcomes.ts'

afterEach(() => vi.useRealTimers())

const linesOf = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as unknown)

const problemOf = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'no error'
}

describe('jsonLines', () => {
  it('writes exactly these bytes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-02T03:04:05.678Z') })
    const path = join(freshFolder(), 'results.jsonl')
    const sink = jsonLines(path)
    await Promise.all([
      sink.write(okOutcome(0, { name: 'é\n"😀' })),
      sink.write(failedOutcome(1, { key: 'second', attempts: 3 })),
      sink.write(okOutcome(2, new Uint8Array([0, 255, 10]))),
      sink.write(okOutcome(3, undefined)),
    ])
    await sink.close()
    const head = (index: number): string => `"method":"GET","url":"https://api.example.com/items/${index}"`
    const tail = '"attempts":1,"bytes":17,"timings":{"total":12.3,"firstByte":3.3},"at":"2026-01-02T03:04:05.678Z"}\n'
    expect(readFileSync(path, 'utf8')).toBe(
      `{"index":0,"id":"#0",${head(0)},"ok":true,"status":200,"value":{"name":"é\\n\\"😀"},${tail}` +
        `{"index":1,"id":"k:second","key":"second",${head(1)},"ok":false,"status":404,"error":{"code":"http/404","message":"GET https://api.example.com/items/1: status 404, said \\"no\\" (3 attempts)"},"attempts":3,"bytes":2,"timings":{"total":7},"at":"2026-01-02T03:04:05.678Z"}\n` +
        `{"index":2,"id":"#2",${head(2)},"ok":true,"status":200,"value":"AP8K","encoding":"base64",${tail}` +
        `{"index":3,"id":"#3",${head(3)},"ok":true,"status":200,${tail}`,
    )
  })

  it('writes an id without secrets that distinguishes keys which look alike without them', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    const sink = jsonLines(path)
    for (const [index, token] of ['one', 'two'].entries()) {
      void sink.write(okOutcome(index, null, { key: `https://a.test/?token=${token}` }))
    }
    await sink.close()
    const ids = linesOf(path).map(line => (line as { id: string }).id)
    expect(new Set(ids).size).toBe(2)
    expect(ids.join(' ')).not.toMatch(/one|two/)
  })

  it('keeps the body of a whole response, as text if it is UTF-8', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    const sink = jsonLines(path)
    const whole = (bytes: Uint8Array) => ({ status: 200, bytes: () => bytes, text: () => '', json: () => 0 })
    await sink.write(okOutcome(0, whole(Buffer.from('naïve'))))
    await sink.write(okOutcome(1, whole(new Uint8Array([0xff]))))
    await sink.close()
    expect(linesOf(path)).toMatchObject([{ value: 'naïve' }, { value: '/w==', encoding: 'base64' }])
    expect(linesOf(path)[0]).not.toHaveProperty('encoding')
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  it.each([
    ['a BigInt', { big: 1n }],
    ['a cycle', cycle],
    ['a function', () => 0],
    ['a symbol', Symbol('no')],
    ['a toJSON that throws', { toJSON: () => expect.fail('no') }],
  ])('rejects the row whose value is %s, and keeps the others', async (_what, value) => {
    const path = join(freshFolder(), 'results.jsonl')
    const sink = jsonLines(path)
    const settled = await Promise.allSettled([0, value, 2].map((each, index) => writeTo(sink, okOutcome(index, each))))
    await sink.write(okOutcome(3, 3))
    await sink.close()
    const [, refused] = settled
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const error = (refused as PromiseRejectedResult).reason as RowError
    expect(isRowError(error)).toBe(true)
    expect(error.index).toBe(1)
    expect(error.message).toMatch(/^outcome 1: value: expected what JSON can hold, got /)
    expect(linesOf(path)).toMatchObject([{ index: 0 }, { index: 2 }, { index: 3 }])
  })

  it('writes all rows of one turn as one chunk in the order of the calls, and none before the turn ends', async () => {
    const pieces: string[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        pieces.push(chunk.toString())
        done()
      },
    })
    const sink = jsonLines(stream)
    const first = Array.from({ length: 100 }, (_, index) => writeTo(sink, okOutcome(index, index)))
    expect(pieces).toEqual([])
    await Promise.all(first)
    expect(pieces).toHaveLength(1)
    await sink.write(okOutcome(100, 100))
    expect(pieces).toHaveLength(2)
    await sink.close()
    const written = pieces.join('').trimEnd().split('\n')
    expect(written.map(line => (JSON.parse(line) as { index: number }).index)).toEqual([...Array(101).keys()])
  })

  it('writes the rest when it is closed, and accepts nothing afterwards', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    const sink = jsonLines(path)
    const written = sink.write(okOutcome(0, 'x'))
    await sink.close()
    await written
    expect(linesOf(path)).toHaveLength(1)
    await expect(sink.write(okOutcome(1, 'y'))).rejects.toThrow('the sink was closed')
  })

  it('replaces a file with overwrite, but not before there is a new row', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    writeFileSync(path, 'what was there before, and is longer than what comes, as there is a lot of it'.repeat(9))
    const sink = jsonLines(path, { overwrite: true })
    expect(readFileSync(path, 'utf8')).toContain('what was there')
    await sink.write(okOutcome(0, 'new'))
    await sink.close()
    expect(linesOf(path)).toMatchObject([{ index: 0, value: 'new' }])
  })

  it('leaves an empty file after a run without outcomes, even if it replaces another', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    writeFileSync(path, 'old\n')
    await jsonLines(path, { overwrite: true }).close()
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  it('appends to a file with append, on a new line', async () => {
    const path = join(freshFolder(), 'results.jsonl')
    writeFileSync(path, '{"index":0}\n{"index":1,"to')
    for (const index of [2, 3]) {
      const sink = jsonLines(pathToFileURL(path), { append: true })
      await sink.write(okOutcome(index, 'x'))
      await sink.close()
    }
    const [first, torn, ...rest] = readFileSync(path, 'utf8').split('\n')
    expect([first, torn]).toEqual(['{"index":0}', '{"index":1,"to'])
    expect(rest.map(line => line.slice(0, 10))).toEqual(['{"index":2', '{"index":3', ''])
  })

  it('refuses a path that it cannot write to when it is made, with a remedy', () => {
    const dir = freshFolder()
    const file = join(dir, 'file')
    writeFileSync(file, 'precious')
    mkdirSync(join(dir, 'sub'))
    symlinkSync(file, join(dir, 'link'))
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'))
    const at = (...parts: string[]): string => problemOf(() => jsonLines(join(dir, ...parts)))
    expect(at('file')).toMatch(/^cannot write .*file: it exists \(EEXIST\)\. Set overwrite: true/)
    expect(at('link')).toMatch(/it exists/)
    const dangling = [
      at('dangling'),
      problemOf(() => jsonLines(join(dir, 'dangling'), { overwrite: true })),
      problemOf(() => sqlite(join(dir, 'dangling'))),
    ]
    for (const problem of dangling) expect(problem).toMatch(/dangling: it is a link to nothing \(\w+\)\. Remove it/)
    expect(existsSync(join(dir, 'nowhere'))).toBe(false)
    expect(at('missing', 'results.jsonl')).toMatch(/no such folder \(ENOENT\)\. Make .*missing first\.$/)
    expect(at('sub')).toMatch(/cannot write .*sub: it is a folder \(EISDIR\)/)
    expect(at('file', 'results.jsonl')).toMatch(/a part of its path is a file \(ENOTDIR\)/)
    expect(at('x'.repeat(300))).toMatch(/ENAMETOOLONG/)
    expect(problemOf(() => jsonLines(''))).toMatch(/expected a path, got ""/)
    expect(problemOf(() => jsonLines('a\0b'))).toMatch(/expected a path, got "a\\u0000b"/)
    expect(problemOf(() => jsonLines(7 as never))).toMatch(/expected a path, got 7/)
    expect(problemOf(() => jsonLines(file, { overwrite: true, append: true }))).toMatch(/overwrite or append, got both/)
    expect(problemOf(() => jsonLines(file, { overwite: true } as never))).toMatch(/Did you mean 'overwrite'\?/)
    expect(problemOf(() => jsonLines(file, { overwrite: 'yes' } as never))).toMatch(/true or false, got "yes"/)
    expect(readFileSync(file, 'utf8')).toBe('precious')
    expect(existsSync(join(dir, 'missing'))).toBe(false)
  })

  it('writes to a device without overwrite', async () => {
    const sink = jsonLines('/dev/null')
    await expect(writeTo(sink, okOutcome(0, 'x'))).resolves.toBeUndefined()
    await sink.close()
  })
})
