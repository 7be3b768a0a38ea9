/** Runs one chunk on the engine: the requests that no earlier start has finished, into part files, until it is sealed. */
import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import type { Chunk } from './chunk.ts'
import type { LiveCounts } from './live-counts.ts'
import type { Manifest } from './manifest.ts'
import { idleMs } from './park.ts'
import type { Parked } from './park.ts'
import { PartJournal } from './part-journal.ts'
import { countsOf } from './sealed.ts'
import { partFolder, readParts, sealedPath } from './parts.ts'
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
import { isUnsent } from '../../core/unsent-outcome.ts'
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
  /** Positions of the requests that are sent. Default: all that have no result. */
  readonly only?: ReadonlySet<number> | undefined
  /** The result of requests that are not sent. */
  readonly verdict?: (() => Fault) | undefined
}

export class ChunkRun {
  readonly #given: ChunkRunParts
  readonly #aborting = new AbortController()
  #stream: OutcomeStream | undefined
  #sending: Run | undefined
  #isStopped = false
  #retryAtMs = Infinity

  constructor(given: ChunkRunParts) {
    this.#given = given
  }

  /** Starts no more requests. */
  stop(): void {
    this.#isStopped = true
    this.#stream?.stop()
  }

  abort(): void {
    this.#isStopped = true
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
    const { manifest, results, chunk } = this.#given
    await this.send()
    const counts = await seal(results, chunk, manifest.salt)
    if (counts !== undefined) return counts
    const sealed = sealedPath(results, chunk.number)
    if (existsSync(sealed)) return countsOf(sealed)
    if (this.#isStopped) return undefined
    if (this.parked !== undefined) return this.parked
    throw new Error('some of its requests have no result')
  }

  /** Sends the requests that are left, and seals nothing. */
  async send(): Promise<void> {
    const { client, call, manifest, results, chunk, starts, text, counts, only, verdict } = this.#given
    const { salt } = manifest
    await mkdir(partFolder(results, chunk.number), { recursive: true })
    const past = await readParts(results, chunk, salt)
    const isLeft = (position: number): boolean => !past.done.has(position) && only?.has(position) !== false
    const placed = placedIn(requestsIn(text, manifest, chunk.line), chunk, isLeft)
    if (placed.length === 0) return
    const epoch = Math.max(starts, (past.parts.at(-1)?.epoch ?? 0) + 1)
    const journal = new PartJournal({ results, chunk, salt, epoch, past, left: placed.length, verdict })
    const options = { ...call, resume: sealedPath(results, chunk.number), signal: this.#aborting.signal }
    const openJournal = (): Promise<PartJournal> => Promise.resolve(journal)
    const begun = (batch: BatchRun): void => void ({ run: this.#sending } = batch)
    this.#stream = client.stream(partial([].values()), options, begun, { placed, openJournal })
    if (this.#isStopped) this.#stream.stop()
    let before = 0
    for await (const outcome of this.#stream) {
      const { retries } = this.#sending?.counts ?? { retries: 0 }
      counts.add(outcome, retries - before)
      before = retries
      if (isUnsent(outcome)) this.#retryAtMs = Math.min(this.#retryAtMs, outcome.error?.retryAt ?? Infinity)
    }
  }
}

/** The requests that are left, each with its position in the whole input and the id that it has there. */
function placedIn(requests: readonly unknown[], { from, rows }: Chunk, isLeft: (position: number) => boolean): Item[] {
  if (requests.length !== rows) throw new Error(`expected ${rows} requests in its rows, got ${requests.length}`)
  const ids = new RequestIds()
  const placed: Item[] = []
  for (const [at, value] of requests.entries()) {
    const index = from + at
    const key = isRecord(value) && typeof value['key'] === 'string' ? value['key'] : undefined
    const id = ids.of(index, key)
    if (isLeft(index)) placed.push({ value, index, id })
  }
  return placed
}
