/**
 * Passes the items of a body to `onItem` one by one, each checked by the schema and awaited. As with `'stream'`, a request
 * is not retried after its first item.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { inTime } from './in-time.ts'
import type { Found, ItemReader } from './item-reader.ts'
import { mismatch } from './mismatch.ts'
import type { BodySink, BodyWriter } from '../core/body-sink.ts'
import type { Call, CallPlan } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result, Taken } from '../core/result.ts'
import type { RequestView, Schema } from '../core/spec.ts'
import { isWanted } from '../core/wanted-body.ts'

type OnItem = NonNullable<CallPlan['onItem']>

export interface ItemSinkParts {
  readonly onItem: OnItem
  readonly clock: Clock
  /** Loads what `readerOf` needs, before anything is sent. */
  readonly load?: () => Promise<Fault | undefined> | undefined
  readonly readerOf: (head: Reply, call: Call) => ItemReader
}

export function itemSink(call: Call, { onItem, clock, load, readerOf }: ItemSinkParts): BodySink {
  // The transport calls from any context; the caller's functions must run in the caller's.
  const inCallersContext = AsyncLocalStorage.snapshot()
  const count: Count = { handed: 0 }
  return {
    open: () => load?.(),
    prepare: () => undefined,
    rest: () => undefined,
    begin(head) {
      const wanted = isWanted(head, call)
      if (wanted !== true) return wanted === false ? undefined : wanted
      const run = <A extends unknown[], R>(function_: (...args: A) => R, ...args: A): R =>
        inCallersContext(function_, ...args)
      return new ItemWriter({ call, head, onItem, clock, run, count, reader: readerOf(head, call) })
    },
    close: result => withCount(result, count.handed),
  }
}

interface Count {
  handed: number
}

/** A failure says what the caller already has. */
function withCount(result: Result, handed: number): Result {
  if (result.kind !== 'fault' || handed === 0) return result
  const words = typeof result.message === 'string' ? [result.message] : result.message
  const items = handed === 1 ? '1 item was' : `${handed} items were`
  return { ...result, message: [...words, ` (${items} delivered)`] }
}

interface WriterParts {
  readonly call: Call
  readonly head: Reply
  readonly onItem: OnItem
  readonly clock: Clock
  readonly run: <A extends unknown[], R>(function_: (...args: A) => R, ...args: A) => R
  readonly count: Count
  readonly reader: ItemReader
}

interface Checked {
  readonly value: unknown
}

class ItemWriter implements BodyWriter {
  readonly #parts: WriterParts
  readonly #request: RequestView
  #bytes = 0
  #items = 0
  #stopped = false

  constructor(parts: WriterParts) {
    const { method, url, meta } = parts.call
    this.#parts = parts
    this.#request = { method, url, meta }
  }

  write(piece: Uint8Array): Promise<Fault | undefined> | undefined {
    if (this.#stopped) return undefined
    this.#bytes += piece.byteLength
    this.#parts.reader.push(piece)
    return this.#drain()
  }

  async end(): Promise<Fault | Taken> {
    this.#parts.reader.finish()
    const failed = await this.#drain()
    return failed ?? { bytes: this.#bytes, items: this.#items }
  }

  stop(): void {
    this.#stopped = true
  }

  /** Hands out what the reader has. Without a promise as long as the caller's functions return none. */
  #drain(): Promise<Fault | undefined> | undefined {
    while (!this.#stopped) {
      const found = this.#parts.reader.next()
      if (found === undefined) return undefined
      const handed = this.#handOut(found)
      if (isThenable(handed)) return this.#drainAfter(handed)
      if (handed !== undefined) return Promise.resolve(this.#fail(handed))
    }
    return undefined
  }

  async #drainAfter(first: Promise<Fault | undefined>): Promise<Fault | undefined> {
    let failed = await first
    while (failed === undefined && !this.#stopped) {
      const found = this.#parts.reader.next()
      if (found === undefined) return undefined
      const handed = this.#handOut(found)
      failed = isThenable(handed) ? await handed : handed
    }
    return failed === undefined ? undefined : this.#fail(failed)
  }

  #fail(failed: Fault): Fault {
    this.#stopped = true
    return failed
  }

  #handOut(found: Found | Fault): Fault | undefined | Promise<Fault | undefined> {
    if (isFault(found)) return this.#unreadable(found)
    const { schema } = this.#parts.call.plan
    const checked = schema === undefined ? found : this.#check(schema, found)
    if (isThenable(checked)) return checked.then(each => (isFault(each) ? each : this.#pass(each, found)))
    return isFault(checked) ? checked : this.#pass(checked, found)
  }

  #unreadable(failed: Fault): Fault {
    return failed.code.startsWith('parse/') ? { ...failed, reply: this.#parts.head } : failed
  }

  #check(schema: Schema, found: Found): Checked | Fault | Promise<Checked | Fault> {
    const { head, run } = this.#parts
    const threw = (error: unknown): Fault =>
      fault('callback/schema', `the schema threw at ${this.#where(found, 1)}: ${reasonOf(error)}`, {
        sent: true,
        cause: error,
      })
    const verdict = (result: Awaited<ReturnType<Schema['~standard']['validate']>>): Checked | Fault => {
      if (result.issues === undefined) return { value: result.value }
      const message = mismatch(result.issues, this.#where(found, 1))
      return fault('schema/mismatch', message, { sent: true, reply: head, issues: result.issues })
    }
    try {
      const answer = run(() => schema['~standard'].validate(found.value))
      return isThenable(answer) ? inTime(answer, verdict, this.#limits('the schema', threw)) : verdict(answer)
    } catch (error) {
      return threw(error)
    }
  }

  #pass({ value }: Checked, found: Found): Fault | undefined | Promise<Fault | undefined> {
    if (this.#stopped) return undefined
    const { call, onItem, run, count } = this.#parts
    call.trip.retry.delivered = true
    count.handed++
    this.#items++
    const { event } = found
    const item = event === undefined ? value : { event: event.event, data: value, id: event.id }
    try {
      const answer: unknown = run(onItem, item, this.#request)
      if (!isThenable(answer)) return undefined
      const threw = (error: unknown): Fault => onItemThrew(error, this.#where(found, 0))
      return inTime(answer, () => undefined, this.#limits('onItem', threw))
    } catch (error) {
      return onItemThrew(error, this.#where(found, 0))
    }
  }

  /**
   * `item 5 (line 6)`
   *
   * @param ahead how many items it comes after the last one that was delivered
   */
  #where({ at }: Found, ahead: 0 | 1): string {
    return `item ${this.#items + ahead} (${this.#parts.reader.unit} ${at})`
  }

  #limits(name: string, threw: (error: unknown) => Fault) {
    const { call, clock } = this.#parts
    return { name, threw, clock, trip: call.trip, callbackMs: call.plan.timeouts.callbackMs }
  }
}

function onItemThrew(error: unknown, where: string): Fault {
  return fault('callback/on_item', `onItem threw at ${where}: ${reasonOf(error)}`, { sent: true, cause: error })
}
