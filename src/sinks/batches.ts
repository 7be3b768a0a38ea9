/**
 * Collects rows that arrive one by one and delivers them in order, many at a time.
 *
 * A batch is delivered when it is full or its delay has passed, whichever comes first. Only one batch is delivered at a
 * time; rows that arrive meanwhile go into the next one. All rows of a batch share one promise, so a row costs no more
 * than its text.
 */
import { SinkError } from '../core/sink.ts'
import { setImmediate } from 'node:timers'

export interface BatchLimits {
  /** Number of rows of a full batch. */
  readonly maxRows: number
  /** Size of a full batch, in the unit that is passed to `add`. */
  readonly maxSize: number
  /** Delay after the first row; 0 delivers at the end of the current turn of the event loop. */
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

  /**
   * @param output its name in messages
   */
  constructor(output: string, deliver: (rows: readonly Row[]) => Promise<void>, limits: BatchLimits) {
    this.#output = output
    this.#deliver = deliver
    this.#limits = limits
  }

  /** Resolves when the row has been delivered. */
  add(row: Row, size: number): Promise<void> {
    if (this.#failure !== undefined) return this.#failure.rejected
    if (this.#closed) return Promise.reject(new Error(`cannot write ${this.#output}: the sink was closed`))
    const last = this.#waiting.at(-1)
    const batch = last === undefined || this.#isFull(last) ? this.#begin() : last
    batch.rows.push(row)
    batch.size += size
    if (this.#isFull(batch) && !batch.due) this.#dueSoon(batch)
    return batch.kept.promise
  }

  /** Delivers the remaining rows. Rejects if any row could not be delivered, now or earlier. */
  async close(): Promise<void> {
    this.#closed = true
    for (const batch of this.#waiting) batch.due = true
    this.#run()
    await this.#delivering
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The output has failed: rejects all waiting rows and all later ones. */
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

  /** Delivers at the end of this turn, so that all rows of the turn form one batch. */
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

/**
 * Keeps a caller that does not await its writes from crashing with an unhandled rejection; `close()` reports the
 * failure.
 */
const unheard = (): void => {}
