/** A batch for tests: a server that counts the requests of each row, a folder, and workers that are killed. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { QuickWorker } from './quick-worker.ts'
import { endWithFile } from '../support/end-with-file.ts'
import type { DoneLine } from '../../src/core/journal.ts'

export interface CountingServer extends AsyncDisposable {
  readonly base: string
  /** By path. */
  readonly hits: Map<string, number>
  readonly urls: (count: number) => string[]
  /** Requests beyond the first of each path. */
  readonly extra: () => number
}

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ path: request.url }))
}

/** @param delayMs before each response */
export async function countingServer(delayMs = 0, answer = echo): Promise<CountingServer> {
  const hits = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = request.url as string
    hits.set(path, (hits.get(path) ?? 0) + 1)
    if (delayMs === 0) answer(request, response)
    else setTimeout(() => answer(request, response), delayMs)
  })
  // A process that was stopped for a while finds its connections open.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    base,
    hits,
    urls: count => Array.from({ length: count }, (_, at) => `${base}${at}`),
    extra: () => [...hits.values()].reduce((sum, count) => sum + count - 1, 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface Folder extends Disposable {
  readonly path: string
  readonly at: (name: string) => string
}

export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'preq-batch-'))
  return {
    path,
    at: name => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

const WORKER = fileURLToPath(new URL('batch-worker.ts', import.meta.url))

/** Disposing of it kills it. */
export interface Process extends AsyncDisposable {
  readonly child: ChildProcess
  /** Its exit code, or its signal. */
  readonly exit: Promise<number | NodeJS.Signals | null>
  readonly said: () => string
}

export function startWorker(broker: string, batch: string, graceMs = 20_000, untilEmpty = false): Process {
  const args = [WORKER, broker, batch, String(graceMs), ...(untilEmpty ? ['until-empty'] : [])]
  return startProcess(args)
}

const QUICK_WORKER = fileURLToPath(new URL('quick-worker.ts', import.meta.url))

/** A worker whose chunks are taken over after 4.5 s. */
export const startQuickWorker = (given: QuickWorker, env: NodeJS.ProcessEnv = {}): Process =>
  startProcess([QUICK_WORKER, JSON.stringify(given)], env)

export function startProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): Process {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  endWithFile(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => (text += piece.toString()))
  const exit = once(child, 'exit').then(
    ([code, signal]) => (code as number | null) ?? (signal as NodeJS.Signals | null),
  )
  return {
    child,
    exit,
    said: () => text,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** The finished lines of a run file. */
export function linesOf(path: string): DoneLine[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map(line => JSON.parse(line) as DoneLine).filter(line => 'index' in line)
}

/** A line without what differs from run to run. */
export function lasting({ at: _at, timings: _timings, attempts: _attempts, crc: _crc, ...line }: DoneLine): object {
  return line
}

/** For what never happens: a busy machine takes many times as long. */
const PATIENCE_MS = 200_000

export async function until(what: string, holds: () => boolean | Promise<boolean>, forMs = PATIENCE_MS): Promise<void> {
  const end = Date.now() + forMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
