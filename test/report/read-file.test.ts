/** Files as a report finds them: torn, damaged, of the sink, of an earlier version, or of another kind. */
import { tmpdir } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { done, failed, runFile } from './lines.ts'
import { jsonLines } from '../../src/sinks/index.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { dataOf } from '../../src/report/report.ts'

const notesOf = async (...lines: readonly (string | Uint8Array)[]): Promise<readonly string[]> =>
  (await dataOf(runFile(onTestFinished, ...lines))).notes

const TORN = 'The last line is incomplete and left out: the run was killed, or is still running.'

describe('a report reads', () => {
  test('an empty file', async () => {
    const { counts, notes, hosts } = await dataOf(runFile(onTestFinished, ''))
    expect([counts.requests, notes, hosts]).toEqual([0, [], []])
  })

  test.each([1, 20, 150])('a file whose last line is cut after %i bytes', async length => {
    const path = runFile(onTestFinished, done(0), done(1).slice(0, length))
    const { counts, notes, source } = await dataOf(path)
    expect([counts.requests, source.isTorn, notes[0]]).toEqual([1, true, TORN])
  })

  test('a file with one line that is cut', async () => {
    expect(await notesOf(done(0).slice(0, 40))).toEqual([TORN])
  })

  test('a last line without a line end, line ends of Windows, and a byte-order mark', async () => {
    const path = runFile(onTestFinished, `\uFEFF${done(0).replace('\n', '\r\n')}`, '\n', done(1).trimEnd())
    const { counts, notes, source } = await dataOf(path)
    expect([counts.requests, source.isTorn, source.damaged]).toEqual([2, false, 0])
    expect(notes.length).toBe(1)
  })

  test('around damaged lines, and tells how many there are', async () => {
    const flipped = done(1).replace('"bytes":10', '"bytes":90')
    const notes = await notesOf(done(0), flipped, new Uint8Array(50), '\n', 'not json\n', done(2))
    expect(notes[0]).toBe('3 lines damaged and left out, the first is line 2.')
  })

  test('lines of version 1, which their index identifies', async () => {
    const line = done(0, { v: 1, id: 'abcdef', print: undefined })
    const { counts, source } = await dataOf(runFile(onTestFinished, line, done(0, { v: 1, id: 'changed' })))
    expect([counts.requests, source.superseded]).toEqual([1, 1])
  })

  test('lines of a later version, and skips kinds of lines that it does not know', async () => {
    const path = runFile(
      onTestFinished,
      '{"v":2,"salt":"x","at":"2026-01-31T12:00:00Z"}\n',
      '{"v":9,"news":1}\n',
      done(0),
    )
    const { counts, source } = await dataOf(path)
    expect([counts.requests, source.damaged]).toEqual([1, 0])
  })

  test('lines of the sink jsonLines', async () => {
    const path = runFile(onTestFinished)
    const client = new ParallelRequests({ transport: mockTransport(() => ({ json: 1 })) })
    await client.drain(['https://a.example.com/1', 'https://a.example.com/2'], {
      sink: jsonLines(path, { overwrite: true }),
    })
    const { counts, series } = await dataOf(path)
    expect([counts.requests, series?.done.reduce((sum, count) => sum + count, 0)]).toEqual([2, 2])
  })

  test('fields of wrong types as absent', async () => {
    const path = runFile(
      onTestFinished,
      failed(0, 'http/404', {
        index: 'x',
        error: 'broken',
        timings: { total: 'long', firstByte: 3 },
        attempts: -1,
        bytes: null,
        at: 'never',
        tries: [null, 7, { timings: [] }],
        headers: { 'x-a': 7 },
        key: 5,
      }),
      done(1, { timings: null, at: 12 }),
    )
    const { counts, failures } = await dataOf(path)
    expect([counts.requests, counts.attempts, counts.bytes]).toEqual([2, 1, 10])
    expect(failures[0]).toMatchObject({ index: 0, code: 'unknown', timings: { firstByte: 3 } })
  })
})

describe('a report refuses', () => {
  test.each([
    ['CSV', 'id,name\n1,Ann\n', 'is not a run file: line 1 is not one that a run writes: it is not JSON.'],
    ['other JSON lines', '{"name":"Ann"}\n', 'line 1 is not one that a run writes: it has no fields of a request.'],
    ['a JSON array', '[\n1]\n', 'it is not JSON.'],
    ['one line that is not JSON', 'hello', 'it is not JSON.'],
    ['bytes', new Uint8Array([0x1f, 0x8b, 0x08, 0xff, 10]), 'it is not UTF-8.'],
  ])('%s', async (_, content, message) => {
    await expect(dataOf(runFile(onTestFinished, content))).rejects.toThrow(message)
  })

  test('a missing file and a folder', async () => {
    await expect(dataOf('none/run.jsonl')).rejects.toThrow('cannot read "none/run.jsonl": no such file or directory')
    await expect(dataOf(tmpdir())).rejects.toThrow('it is a folder. Give the path of a run file')
  })
})
