/**
 * The Calls of a run that have no outcome yet; adding and removing are a swap in an array.
 *
 * Not a Set: a Set that churns leaves a chain of outgrown tables behind, each of which keeps its entries and the next
 * table alive. That made the garbage collector copy every request of a batch (a third of its CPU, bench/overhead.ts).
 */
import type { Call } from '../core/call.ts'

export class OpenCalls implements Iterable<Call> {
  readonly #calls: Call[] = []

  get size(): number {
    return this.#calls.length
  }

  /** Of an index below the size. */
  at(index: number): Call {
    return this.#calls[index] as Call
  }

  add(call: Call): void {
    call.trip.slot = this.#calls.push(call) - 1
  }

  remove(call: Call): void {
    const { slot } = call.trip
    call.trip.slot = -1
    const last = this.#calls.pop() as Call
    if (last === call) return
    this.#calls[slot] = last
    last.trip.slot = slot
  }

  /** The Calls that are open now; changes during the iteration have no effect on it. */
  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.slice()[Symbol.iterator]()
  }
}
