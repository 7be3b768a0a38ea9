/**
 * Rows that come one by one, delivered many at a time and in order.
 *
 * A batch is delivered when it is full or its time has come, whichever is first, and never while another is: what
 * comes meanwhile gathers in the next one. All rows of a batch share one promise, so a row costs no more than its text.
 */
import { SinkError } from '../core/sink.ts'
import { setImmediate } from 'node:timers'

export interface BatchLimits {
  /** Rows of a full batch. */
  readonly maxRows: number
  /** Size of a full batch, in the unit in which `add` is told it. */
  readonly maxSize: number
  /** After its first row; 0 for the end of this turn of the event loop. */
  readonly delayMs: number
}

interface Batch<Row> {
  readonly rows: Row[]
  readonly kept: PromiseWithResolvers<void>
  size: number
  due: boolean
  timer: NodeJS.Timeout | undefined
}

export class Batches<Row> {
  readonly #output: string
  readonly #deliver: (rows: readonly Row[]) => Promise<void>
  readonly #limits: BatchLimits
  readonly #waiting: Batch<Row>[] = []
  #delivering: Promise<void> | undefined
  #kept = 0
  #closed = false
  #failure: { readonly error: SinkError; readonly rejected: Promise<void> } | undefined

  /** @param output how messages call it */
  constructor(output: string, deliver: (rows: readonly Row[]) => Promise<void>, limits: BatchLimits) {
    this.#output = output
    this.#deliver = deliver
    this.#limits = limits
  }

  /** Resolves when the row has been delivered. */
  add(row: Row, size: number): Promise<void> {
    if (this.#failure !== undefined) return this.#failure.rejected
    if (this.#closed) return Promise.reject(new Error(`${this.#output}: expected no write after close(), got one`))
    const last = this.#waiting.at(-1)
    const batch = last === undefined || this.#isFull(last) ? this.#begin() : last
    batch.rows.push(row)
    batch.size += size
    if (this.#isFull(batch) && !batch.due) this.#dueSoon(batch)
    return batch.kept.promise
  }

  /** Delivers what is left. Rejects when anything could not be delivered, now or before. */
  async close(): Promise<void> {
    this.#closed = true
    for (const batch of this.#waiting) batch.due = true
    this.#run()
    await this.#delivering
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The output is gone: nothing that waits will be delivered, nor anything that comes. */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return
    const error = new SinkError(this.#output, this.#kept, cause)
    const rejected = Promise.reject<void>(error)
    rejected.catch(unheard)
    this.#failure = { error, rejected }
    for (const { kept, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      kept.reject(error)
    }
  }

  #isFull({ rows, size }: Batch<Row>): boolean {
    return rows.length >= this.#limits.maxRows || size >= this.#limits.maxSize
  }

  #begin(): Batch<Row> {
    const kept = Promise.withResolvers<void>()
    kept.promise.catch(unheard)
    const batch: Batch<Row> = { rows: [], kept, size: 0, due: false, timer: undefined }
    this.#waiting.push(batch)
    if (this.#limits.delayMs === 0) this.#dueSoon(batch)
    else {
      batch.timer = setTimeout(() => {
        batch.due = true
        this.#run()
      }, this.#limits.delayMs)
    }
    return batch
  }

  /** At the end of this turn, so that all that the turn brings is in one batch. */
  #dueSoon(batch: Batch<Row>): void {
    batch.due = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#delivering ??= this.#deliverDue().finally(() => {
      this.#delivering = undefined
    })
  }

  async #deliverDue(): Promise<void> {
    for (let batch = this.#waiting[0]; batch?.due === true; batch = this.#waiting[0]) {
      this.#waiting.shift()
      clearTimeout(batch.timer)
      try {
        // oxlint-disable-next-line no-await-in-loop -- in order: the next batch is written after this one
        await this.#deliver(batch.rows)
      } catch (error) {
        this.fail(error)
      }
      if (this.#failure !== undefined) return batch.kept.reject(this.#failure.error)
      this.#kept += batch.rows.length
      batch.kept.resolve()
    }
  }
}

/** A caller that waits for none of its writes hears of the failure from `close()`; its process need not end of it. */
const unheard = (): void => {}
