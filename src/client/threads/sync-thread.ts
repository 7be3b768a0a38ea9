/**
 * The worker thread of sync calls, as the calling thread sees it. It starts with the first call, stays idle for the
 * next one, and ends if another one is idle. It never keeps the process alive.
 */
import { threadOptions } from './network.ts'
import { CELLS, STATES } from './sync-messages.ts'
import type { Caller, BatchOrder, ToCaller, ToWorker, Wiring } from './sync-messages.ts'
import { workerFile } from './worker-file.ts'
import { reasonOf } from '../../core/callback.ts'
import { makeError } from '../../core/error.ts'
import type { RequestError } from '../../core/error.ts'
import { fault } from '../../core/result.ts'
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

/** A worker that has not started by then will not start. */
const MAX_START_MS = 30_000
/** How often the waiting caller checks that its worker still exists. */
const CHECK_WORKER_EVERY_MS = 500

/** Answers the worker's questions, and keeps thrown values. */
export interface Answering extends Caller {
  keep(thrown: unknown): number
}

let idle: SyncThread | undefined

/** Runs one order and blocks until it is done. A sync call inside a sync call uses another thread. */
export function runOnThread(order: BatchOrder, caller: Answering): void {
  const thread = idle?.ping() === true ? idle : new SyncThread()
  idle = undefined
  try {
    thread.run(order, caller)
  } catch (error) {
    thread.end()
    throw error
  }
  if (idle === undefined) idle = thread
  else thread.end()
}

class SyncThread {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #cells = new Int32Array(new SharedArrayBuffer(Object.keys(CELLS).length * Int32Array.BYTES_PER_ELEMENT))
  readonly #startedAtMs = performance.now()
  /** Whether `postMessage` of this Node returns whether the message was delivered. */
  #tells = false
  #cut = false

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const workerData: Wiring = { port: port2, cells: this.#cells }
    this.#worker = new Worker(workerFile('sync-worker', 'parallelRequestsSync'), {
      name: 'parallel-requests-sync',
      workerData,
      transferList: [port2],
      ...threadOptions(),
    })
    this.#worker.unref()
    // The waiting call finds out through the shared memory. An 'error' event without a listener would end the process.
    this.#worker.on('error', () => undefined)
    this.#worker.on('exit', () => {
      if (idle === this) idle = undefined
    })
  }

  get isThere(): boolean {
    return !this.#cut && Atomics.load(this.#cells, CELLS.state) !== STATES.ended
  }

  /**
   * Whether the thread is alive. A blocked parent gets no event when a thread dies, but a port without another end
   * accepts no message.
   */
  ping(): boolean {
    this.#post({ kind: 'ping' })
    return this.isThere
  }

  run(order: BatchOrder, caller: Answering): void {
    this.#post({ kind: 'order', order })
    for (let overslept = false; ;) {
      const seen = Atomics.load(this.#cells, CELLS.toCaller)
      // Checked before the messages are read: the last of them may contain the reason.
      const gone = overslept ? this.#isGone() : !this.isThere
      for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port)) {
        const message = got.message as ToCaller
        if (message.kind === 'done') return
        if (message.kind === 'broken') throw lost(message.reason)
        this.#answer(message, caller)
      }
      if (gone) throw lost('it ended without a message')
      overslept = Atomics.wait(this.#cells, CELLS.toCaller, seen, CHECK_WORKER_EVERY_MS) === 'timed-out'
    }
  }

  end(): void {
    this.#port.close()
    void this.#worker.terminate()
  }

  #answer({ id, name, args }: Extract<ToCaller, { kind: 'ask' }>, caller: Answering): void {
    try {
      const answer: unknown = Reflect.apply(caller[name], caller, args)
      if (id !== undefined) this.#post({ kind: 'answer', id, answer })
    } catch (error) {
      if (id === undefined) throw error
      this.#post({ kind: 'threw', id, kept: caller.keep(error), message: reasonOf(error) })
    }
  }

  #post(message: ToWorker): void {
    const taken: unknown = this.#port.postMessage(message, [])
    this.#tells ||= taken === true
    this.#cut ||= this.#tells && taken !== true
    Atomics.add(this.#cells, CELLS.toWorker, 1)
    Atomics.notify(this.#cells, CELLS.toWorker)
  }

  #isGone(): boolean {
    const isStarting = Atomics.load(this.#cells, CELLS.state) === STATES.starting
    return !this.ping() || (isStarting && performance.now() - this.#startedAtMs > MAX_START_MS)
  }
}

function lost(reason: string): RequestError {
  return makeError(
    fault(
      'internal/worker',
      `the worker thread of parallelRequestsSync is gone: ${reason}. Some of the requests may have been sent`,
    ),
    { attempts: 0, timings: { total: 0 } },
  )
}
