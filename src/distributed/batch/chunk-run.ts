/** Runs one chunk on the engine: the requests that no earlier start has finished, into part files, until it is sealed. */
import { existsSync } from 'node:fs'
import type { Chunk } from './chunk.ts'
import { makeFolder } from './disk.ts'
import type { Lineup } from './lineup.ts'
import type { LiveCounts } from './live-counts.ts'
import { checkFolder } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { idleMs } from './park.ts'
import type { Parked } from './park.ts'
import { PartJournal } from './part-journal.ts'
import { countsOf } from './sealed.ts'
import { pastOf } from './earlier.ts'
import { dropPart, openPart, partFolder, sealedPath } from './parts.ts'
import type { Past, Place } from './parts.ts'
import type { RetryOrder } from './retries.ts'
import { requestsIn } from './rows.ts'
import { seal } from './seal.ts'
import type { Counts } from './seal.ts'
import type { OpenClient } from '../../client/open-client.ts'
import { partial } from '../../client/partial.ts'
import type { BatchRun } from '../../client/run/batch-run.ts'
import { RequestIds } from '../../client/run/request-ids.ts'
import { systemClock } from '../../client/system-clock.ts'
import { isRecord } from '../../config/kinds.ts'
import type { Values } from '../../config/table.ts'
import { codeOf, isUnsent } from '../../core/unsent-outcome.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { OpenJournal } from '../../core/ports.ts'
import type { Run } from '../../engine/engine.ts'
import type { Fault } from '../../core/result.ts'
import type { OutcomeStream } from '../../engine/stream.ts'
import type { Item } from '../../engine/source.ts'

export interface ChunkRunParts {
  readonly client: OpenClient
  readonly call: Values
  readonly manifest: Manifest
  /** The folder of the results, as this machine sees it. */
  readonly results: string
  readonly chunk: Chunk
  readonly text: string
  /** How often the chunk has been started, as the queue counts. */
  readonly starts: number
  readonly counts: LiveCounts
  /** The retry that asks for the chunk. Undefined before the first one. */
  readonly order?: RetryOrder | undefined
  /** Positions of the requests that are sent. Default: all that have no result. */
  readonly only?: ReadonlySet<number> | undefined
  /** Decides when it begins. Default: at once. */
  readonly lineup?: Lineup | undefined
  /** Whether this process still has the chunk; asked before each request. Default: yes. */
  readonly isHeld?: (() => boolean) | undefined
  /** The result of requests that are not sent. */
  readonly verdict?: (() => Fault) | undefined
}

/** What a start has found, and its own part. */
interface Sent {
  readonly past: Past
  /** Undefined if there was nothing to send. */
  readonly part: Pick<PartJournal, 'file' | 'done' | 'hasJobs' | 'bytes' | 'forget'> | undefined
  /** Failures that a retry may not send again, by position: their old lines are still true. */
  readonly restored: ReadonlyMap<number, Place>
}

/** A job that a failed request has started is followed by a retry, not started again: the parts have its URL. */
const keepsParts = (past: Past, part: Sent['part'], lines: readonly ReadonlyMap<number, Place>[]): boolean =>
  (past.jobs.size > 0 || part?.hasJobs === true) && lines.some(places => [...places.values()].some(({ ok }) => !ok))

export class ChunkRun {
  readonly #given: ChunkRunParts
  readonly #aborting = new AbortController()
  #stream: OutcomeStream | undefined
  #sending: Run | undefined
  readonly #stopped = Promise.withResolvers<undefined>()
  #isStopped = false
  #isAllTaken = false
  #retryAtMs = Infinity

  constructor(given: ChunkRunParts) {
    this.#given = given
  }

  /** Whether requests are left that it has not begun with. */
  get hasRest(): boolean {
    return !this.#isStopped && !this.#isAllTaken
  }

  /** Starts no more requests. */
  stop(): void {
    this.#isStopped = true
    this.#stopped.resolve(undefined)
    this.#stream?.stop()
  }

  abort(): void {
    this.#isStopped = true
    this.#stopped.resolve(undefined)
    this.#aborting.abort()
  }

  /** The earliest time at which a request that was not sent may be sent; undefined if there is none. */
  get parked(): Parked | undefined {
    return this.#retryAtMs < Infinity ? { untilMs: this.#retryAtMs } : undefined
  }

  /** Stops if nothing can be sent for a while. */
  parkIfIdle(): void {
    if (this.#sending === undefined || this.#isStopped) return
    const idle = idleMs(this.#sending.census, this.#given.client.open().gate, systemClock.now())
    if (idle === undefined) return
    this.#retryAtMs = systemClock.epochMs() + idle
    this.#sending.stop()
  }

  /** Undefined if it was stopped before its end. */
  async run(): Promise<Counts | Parked | undefined> {
    const { manifest, results, chunk, order } = this.#given
    const generation = order?.generation ?? 0
    const sealed = sealedPath(results, chunk.number, generation)
    try {
      const { past, part, restored } = await this.send()
      const lines = [past.done, ...(part === undefined ? [] : [part.done]), restored]
      const parts = keepsParts(past, part, lines) ? [] : [...past.parts, ...(part === undefined ? [] : [part])]
      const counts = await seal({
        manifest,
        results,
        chunk,
        lines,
        known: part,
        parts: parts.map(({ file }) => file),
        generation,
      })
      part?.forget()
      if (counts !== undefined) return counts
    } catch (error) {
      // The process that has sealed the chunk has removed the part that this one was writing.
      if (!existsSync(sealed)) throw error
    }
    if (existsSync(sealed)) return countsOf(sealed)
    if (this.#isStopped) return undefined
    if (this.parked !== undefined) return this.parked
    throw new Error('some of its requests have no result')
  }

  /** Sends the requests that are left, and seals nothing. */
  async send(): Promise<Sent> {
    const { manifest, results, chunk, text, order, only, lineup } = this.#given
    await makeFolder(partFolder(results, chunk.number))
    const past = await pastOf(results, chunk, manifest.salt, order)
    const isLeft = (position: number): boolean => !past.done.has(position) && only?.has(position) !== false
    const requests = requestsIn(text, manifest, chunk.line)
    if (requests.length !== chunk.rows)
      throw new Error(`expected ${chunk.rows} requests in its rows, got ${requests.length}`)
    if (!requests.some((_, at) => isLeft(chunk.from + at))) return { past, part: undefined, restored: new Map() }
    const turn = lineup?.turn()
    const taken = await Promise.race([turn, this.#stopped.promise])
    if (turn !== undefined && taken === undefined) {
      // It leaves the line, and the next one has its turn.
      turn.then(pass => pass()).catch(() => undefined)
      return { past, part: undefined, restored: new Map() }
    }
    try {
      // It may have waited for so long that another process has taken it over.
      if (existsSync(sealedPath(results, chunk.number, past.generation)))
        return { past, part: undefined, restored: new Map() }
      return await this.#send(past, this.#whileHeld(placedIn(requests, chunk, isLeft, taken)))
    } finally {
      taken?.()
    }
  }

  *#whileHeld(items: Iterable<Item>): Generator<Item, void> {
    for (const item of items) {
      if (this.#given.isHeld?.() === false) {
        this.#isStopped = true
        // Not at once: that would close the input while it is being read.
        queueMicrotask(() => this.stop())
        return
      }
      yield item
    }
    this.#isAllTaken = true
  }

  async #send(past: Past, items: Iterable<Item>): Promise<Sent> {
    const { client, call, manifest, results, chunk, starts, counts, order, verdict } = this.#given
    const { salt } = manifest
    const restored = new Map<number, Place>()
    let part: PartJournal | undefined
    const openJournal: OpenJournal = async (_path, { durability }) => {
      const opened = await openPart(results, chunk.number, starts, past)
      try {
        await checkFolder(results, manifest)
      } catch (error) {
        await dropPart(opened)
        throw error
      }
      return (part = new PartJournal({ part: opened, salt, past, durability, verdict }))
    }
    const { retryFailed, unknownWrites } = order ?? {}
    const options = {
      ...call,
      ...(retryFailed !== undefined && { retryFailed }),
      ...(unknownWrites !== undefined && { unknownWrites }),
      resume: sealedPath(results, chunk.number),
      signal: this.#aborting.signal,
    }
    const begun = (batch: BatchRun): void => void ({ run: this.#sending } = batch)
    this.#stream = client.stream(partial([].values()), options, begun, { placed: items, openJournal })
    if (this.#isStopped) this.#stream.stop()
    let before = 0
    for await (const outcome of this.#stream) {
      const { retries } = this.#sending?.counts ?? { retries: 0 }
      counts.add(outcome, retries - before)
      before = retries
      if (isUnsent(outcome)) this.#retryAtMs = Math.min(this.#retryAtMs, outcome.error?.retryAt ?? Infinity)
      const old = past.earlier?.again.get(outcome.index)
      if (old !== undefined && hasResult(outcome)) restored.set(outcome.index, old)
    }
    return { past, part, restored }
  }
}

/** Whether it was neither aborted nor put off: if it has no new line, its old one is still true. */
const hasResult = (outcome: Outcome): boolean => !isUnsent(outcome) && codeOf(outcome)?.startsWith('aborted/') !== true

/** The requests that are left, each with its position in the whole input and the id that it has there. */
function* placedIn(
  requests: readonly unknown[],
  { from }: Chunk,
  isLeft: (position: number) => boolean,
  taken: (() => void) | undefined,
): Generator<Item, void> {
  const ids = new RequestIds()
  try {
    for (const [at, value] of requests.entries()) {
      const index = from + at
      const key = isRecord(value) && typeof value['key'] === 'string' ? value['key'] : undefined
      const id = ids.of(index, key)
      if (isLeft(index)) yield { value, index, id }
    }
  } finally {
    taken?.()
  }
}
