/** Run files for the tests of reports: lines as a run writes them, in a folder that goes away with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeLine } from '../../src/store/run-lines.ts'

export const START_MS = Date.UTC(2026, 0, 31, 12)

/** The time of the fixtures, so many milliseconds after the start of the run. */
export const at = (ms: number): string => new Date(START_MS + ms).toISOString()

type Fields = Readonly<Record<string, unknown>>

const write = writeLine as unknown as (line: Fields) => string

/** A line of a request that is ok, but for the given fields. */
export function done(index: number, fields: Fields = {}): string {
  return write({
    v: 2,
    index,
    id: `#${index}`,
    print: 'abcdefghijklmnop',
    method: 'GET',
    url: `https://api.example.com/people/${index}`,
    ok: true,
    status: 200,
    value: { index },
    attempts: 1,
    bytes: 10,
    timings: { firstByte: 8, body: 2, total: 10 },
    at: at(100 * (index + 1)),
    ...fields,
  })
}

export function failed(index: number, code = 'http/404', fields: Fields = {}): string {
  const status = /^http\/(\d+)$/.exec(code)?.[1]
  return done(index, {
    ok: false,
    value: undefined,
    status: status === undefined ? undefined : Number(status),
    error: { code, message: `the message of ${code}` },
    ...fields,
  })
}

/** A line without `ok`: `{"run": …}`, `{"pause": …}`, `{"intent": …}`. */
export const note = (fields: Fields): string => write(fields)

export const runStart = (ms = 0, fields: Fields = {}): string =>
  note({ run: { event: 'start', at: at(ms), version: '0.2.0', options: { concurrency: 20 }, ...fields } })

export const runEnd = (ms: number, fields: Fields = {}): string =>
  note({ run: { event: 'end', at: at(ms), elapsedMs: ms, cpuMs: 20, ...fields } })

/** @param onTestFinished of the test */
export function runFile(
  onTestFinished: (undo: () => void) => void,
  ...lines: readonly (string | Uint8Array)[]
): string {
  const folder = mkdtempSync(join(tmpdir(), 'report-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'run.jsonl')
  writeFileSync(path, Buffer.concat(lines.map(line => Buffer.from(line))))
  return path
}
