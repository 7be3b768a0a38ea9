/**
 * Works through a batch in a process that is killed at random moments and restarted until it ends by itself. A server
 * records what it received in which life of the process.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { DoneLine, IntentLine } from '../../src/core/journal.ts'

const PROGRAM = join(import.meta.dirname, 'resumed-process.ts')
const MIN_LATENCY_MS = 40
const MAX_LATENCY_MS = 80

export interface Arrival {
  readonly index: number
  readonly life: number
  readonly method: string
  readonly key: string | undefined
}

/** Answers each request with its number, after 40 to 80 ms. */
export class Books {
  readonly arrivals: Arrival[] = []
  onArrival: () => void = () => undefined
  readonly #server

  constructor(random: () => number) {
    this.#server = createServer((request, response) => {
      const index = Number(request.url?.split('/').at(-1))
      const key = request.headers['idempotency-key']
      this.arrivals.push({
        index,
        life: Number(request.headers['x-life']),
        method: request.method ?? '',
        key: typeof key === 'string' ? key : undefined,
      })
      this.onArrival()
      request.resume()
      const body = JSON.stringify({ n: index })
      setTimeout(() => response.end(body), MIN_LATENCY_MS + random() * (MAX_LATENCY_MS - MIN_LATENCY_MS))
    })
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(closed => this.#server.close(closed))
  }
}

export interface Life {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly started: Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly said: readonly string[]; readonly error: string }>
}

export const live = (...args: readonly string[]): Life => liveAs(PROGRAM, ...args)

/** @param program path of what the process runs */
export function liveAs(program: string, ...args: readonly string[]): Life {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  let error = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text))
  const lines = createInterface(child.stdout)
  const started = new Promise<void>(resolve => lines.on('line', line => (said.push(line), resolve())))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said, error }))
  return { process: child, started: Promise.race([started, ended.then(() => undefined)]), ended }
}

interface Kill {
  /** The finished lines in the file after the kill. */
  readonly done: ReadonlySet<number>
  readonly torn: boolean
}

export interface Loop {
  readonly kills: readonly Kill[]
  /** The number of requests per outcome, in the last life. */
  readonly ends: Readonly<Record<string, number>>
}

export interface LoopParts {
  readonly path: string
  readonly origin: string
  readonly books: Books
  readonly count: number
  readonly kills: number
  readonly maxDelayMs: number
  readonly random: () => number
}

/** Kills the process a given number of times, or until it ends by itself. After the last kill it may run to its end. */
export async function killUntilDone(parts: LoopParts): Promise<Loop> {
  const { path, origin, books, count, maxDelayMs, random } = parts
  const kills: Kill[] = []
  for (;;) {
    const life = live(origin, path, String(count), String(kills.length))
    if (kills.length < parts.kills) {
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      if (await strike(life, books, random() < 0.5, 5 + random() * (maxDelayMs - 5))) {
        kills.push(leftIn(path))
        continue
      }
    }
    // oxlint-disable-next-line no-await-in-loop -- the last life
    const { code, said, error } = await life.ended
    if (code !== 0) throw new Error(`life ${kills.length} ended with ${String(code)}: ${error}`)
    return { kills, ends: JSON.parse(said.at(-1) ?? '{}') as Record<string, number> }
  }
}

/**
 * Half of the kills are timed from the start, when it reads its file, half from its first request. False: the process
 * ended before.
 */
async function strike(life: Life, books: Books, fromStart: boolean, delayMs: number): Promise<boolean> {
  const arrived = new Promise<void>(resolve => (books.onArrival = resolve))
  await life.started
  if (!fromStart) await Promise.race([arrived, life.ended])
  await Promise.race([wait(delayMs), life.ended])
  if (life.process.exitCode !== null) return false
  life.process.kill('SIGKILL')
  return (await life.ended).code === null
}

function leftIn(path: string): Kill {
  const text = readFileSync(path, { encoding: 'utf8', flag: 'a+' })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const done = new Set<number>()
  for (const line of whole.split('\n').slice(0, -1)) {
    const value = JSON.parse(line) as DoneLine | IntentLine
    if ('ok' in value) done.add(value.index)
  }
  return { done, torn: whole.length < text.length }
}

export interface Verdict {
  /** Requests that the server never received. */
  readonly missing: number
  /** Sent although an earlier life had recorded them as finished. */
  readonly repeatedDone: number
  /** Arrivals after the first one of each request. */
  readonly resent: number
  /** Requests that were sent and not yet recorded at a kill, summed over the kills. */
  readonly allowed: number
  /** Writes without a key that were sent more than once. */
  readonly repeatedWrites: number
  /** Writes that were sent with more than one key. */
  readonly changedKeys: number
}

export function judge({ arrivals }: Books, { kills }: Loop, count: number): Verdict {
  const byIndex = Map.groupBy(arrivals, ({ index }) => index)
  const copies = [...byIndex.values()]
  const isDoneBefore = ({ index, life }: Arrival): boolean => life > 0 && kills[life - 1]?.done.has(index) === true
  let allowed = 0
  for (const [life, { done }] of kills.entries()) {
    const sent = new Set(arrivals.filter(arrival => arrival.life === life).map(({ index }) => index))
    allowed += [...sent].filter(index => !done.has(index)).length
  }
  const posts = copies.filter(([first]) => first?.method === 'POST')
  return {
    missing: count - byIndex.size,
    repeatedDone: arrivals.filter(isDoneBefore).length,
    resent: arrivals.length - byIndex.size,
    allowed,
    repeatedWrites: posts.filter(([first, second]) => first?.key === undefined && second !== undefined).length,
    changedKeys: posts.filter(same => new Set(same.map(({ key }) => key)).size > 1).length,
  }
}
