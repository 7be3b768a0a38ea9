/** Outcomes as a run makes them, for tests of sinks; and a folder for a test's files. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { RequestError } from '../../src/core/error.ts'
import type { FailedOutcome, OkOutcome, Outcome } from '../../src/index.ts'
import type { Sink } from '../../src/sinks/index.ts'

type Changes = { readonly key?: string; readonly url?: string; readonly attempts?: number }

const response = (url: string, status: number, bytes: number) =>
  ({ status, headers: new Headers(), url, bytes, integrity: 'length', protocol: 'http/1.1', redirects: 0 }) as const

export function okOutcome(index: number, value: unknown, { key, url, attempts = 1 }: Changes = {}): OkOutcome<unknown> {
  const asked = url ?? `https://api.example.com/items/${index}`
  return {
    ok: true,
    id: key === undefined ? `#${index}` : `k:${key}`,
    index,
    ...(key !== undefined && { key }),
    request: { method: 'GET', url: asked, meta: undefined },
    value,
    response: response(asked, 200, 17),
    attempts,
    timings: { total: 12.3456, firstByte: 3.25 },
    warnings: [],
    source: 'network',
  }
}

export function failedOutcome(index: number, { key, url, attempts = 1 }: Changes = {}): FailedOutcome {
  const asked = url ?? `https://api.example.com/items/${index}`
  const timings = { total: 7 }
  const fault = { kind: 'fault', code: 'http/404', message: 'status 404, said "no"', sent: true } as never
  return {
    ok: false,
    id: key === undefined ? `#${index}` : `k:${key}`,
    index,
    ...(key !== undefined && { key }),
    request: { method: 'GET', url: asked, meta: undefined },
    error: new RequestError(fault, { index, key, method: 'GET', url: asked, attempts, timings }),
    response: response(asked, 404, 2),
    attempts,
    timings,
    warnings: [],
    source: 'network',
  }
}

/** Writes and returns a promise, whatever the sink returns. */
export async function writeTo(sink: Sink, outcome: Outcome): Promise<void> {
  await sink.write(outcome)
}

/** A new folder, removed after the test. */
export function freshFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'parallel-requests-sinks-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface Ran {
  readonly status: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** Source for a test program: imports the sinks and defines `outcome(index, value)`. */
const PROLOGUE = `
import { csv, folder, jsonLines, sqlite } from ${JSON.stringify(pathToFileURL(resolve('src/sinks/index.ts')).href)}
const outcome = (index, value) => ({
  ok: true, index, value, attempts: 1, timings: { total: 1 }, warnings: [], source: 'network',
  request: { method: 'GET', url: 'https://api.example.com/items/' + index, meta: undefined },
  response: { status: 200, headers: new Headers(), url: '', bytes: 2, integrity: 'length', protocol: 'http/1.1', redirects: 0 },
})
`

/** Runs a program through a shell line in which `$NODE` starts it. */
export function runProgram(code: string, shell = '$NODE', cwd = process.cwd()): Promise<Ran> {
  const NODE = `${process.execPath} --expose-gc --input-type=module -e "$PROGRAM"`
  const line = shell.replace('$NODE', NODE)
  const env = { ...process.env, NODE_OPTIONS: '', PROGRAM: PROLOGUE + code }
  return new Promise(done => {
    execFile('/bin/sh', ['-c', line], { cwd, env, timeout: 110_000 }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr })
    })
  })
}
