/** Any input as one way to ask for the next item; arrays also say how many there are. */
import { isThenable } from '../core/callback.ts'
import type { Standing } from '../core/standing.ts'
import type { Trip } from '../core/trip.ts'

/**
 * An item of the input. `index` numbers the items of a run in the order in which they are taken, for display. `id` is
 * the identity of the request if the source knows it, as for requests that are discovered while running (see
 * child-ids.ts); otherwise it follows from the key or the index. `lane`: the lane, if it is known already.
 */
export interface Item {
  readonly value: unknown
  readonly index: number
  readonly id?: string
  readonly lane?: string
}

/** `'done'`: no items are left. `'later'`: items are left, and none of them may go now. */
export type Pulled = Item | 'done' | 'later'

export interface Source {
  /** Number of all items, if it is known before the first pull. */
  readonly size: number | undefined
  /** How many items the engine pulls ahead, because the next one may take long to arrive. */
  readonly lookAhead: number
  pull(): Pulled | Promise<Pulled>
  /**
   * Hands out all items that are left of an input of known length, blocked ones included. A lazy input hands out
   * nothing.
   */
  takeRest(take: (item: Item) => void): void
  /** The source sorts its items by lanes. Items that wait cost nothing there, so they do not count for the window. */
  readonly isByLanes?: boolean
  /** The lane may have room again. `standing`: how far its host is trusted now, if that has changed. */
  wake?(lane: string, standing?: Standing): void
  /** An item of this lane was pulled and is being sent. */
  pulled?(lane: string, trip: Trip): void
  /** Whether an item for a host of this standing is ready. */
  wants?(standing: Standing): boolean
  /** Number of items for this lane, or for any lane, that have not been pulled; as far as it is known. */
  backlogOf?(lane: string | undefined): number
  /** Requests may still be added to it, so a call that has ended may be the reason for the next pull. */
  readonly isGrowing?: boolean
  /** The next request may be taken although the window is full: outcomes in the window wait for it. */
  isUrgent?(): boolean
  /** The next item has been asked for and is not there yet. */
  readonly isAwaited?: boolean
  /** `pump` asks for a pull: call it when an item is there that was not before. */
  attach?(pump: () => void): void
  /** There will be no more pulls, so the input may clean up. Errors of the clean-up are ignored. */
  close(): void
}

export function isIterable(input: unknown): input is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input)
}

const ASYNC_LOOK_AHEAD = 16
/**
 * An input that has returned this many items in a row without a wait reads ahead itself, as the reader of a file does.
 */
const ANSWERS_AT_ONCE = 64

/**
 * Items in the order of the input. `lane`: the lane of all of them, if they share one. `standing`: that of its host.
 */
export function toSource(
  input: Iterable<unknown> | AsyncIterable<unknown>,
  lane?: string,
  standing: Standing = 'new',
): Source {
  return Array.isArray(input) ? fromArray(input, lane, standing) : fromIterator(input)
}

/** Items that know their positions and ids, as those of a part of a larger input do. In their order. */
export function placedSource(items: Iterable<Item>): Source {
  const iterator = items[Symbol.iterator]()
  return {
    size: undefined,
    lookAhead: 0,
    pull: () => iterator.next().value ?? 'done',
    takeRest: () => undefined,
    close: () => void iterator.return?.(),
  }
}

function fromArray(input: readonly unknown[], lane: string | undefined, first: Standing): Source {
  const size = input.length
  let next = 0
  let standing = first
  const pull = (): Pulled => {
    if (next >= size) return 'done'
    return lane === undefined ? { value: input[next], index: next++ } : { value: input[next], index: next++, lane }
  }
  return {
    size,
    lookAhead: 0,
    pull,
    takeRest(take) {
      while (next < size) {
        const index = next++
        take({ value: input[index], index })
      }
    },
    wake(asked, now) {
      if (asked === lane && now !== undefined) standing = now
    },
    // Without a lane, the host of the next item is unknown.
    wants: asked => lane !== undefined && asked === standing && next < size,
    backlogOf: asked => (asked === undefined || asked === lane ? size - next : 0),
    close: () => undefined,
  }
}

function fromIterator(input: Iterable<unknown> | AsyncIterable<unknown>): Source {
  const isAsync = Symbol.asyncIterator in input
  const iterator = isAsync ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  let index = 0
  let answeredAtOnce = 0
  const take = (answer: IteratorResult<unknown, unknown>): Pulled => {
    if (typeof answer !== 'object' || answer === null) {
      throw new TypeError(`urls: expected an iterator whose next() returns objects, got ${String(answer)}.`)
    }
    return answer.done === true ? 'done' : { value: answer.value, index: index++ }
  }
  return {
    get lookAhead() {
      return isAsync && answeredAtOnce <= ANSWERS_AT_ONCE ? ASYNC_LOOK_AHEAD : 0
    },
    size: undefined,
    pull() {
      const answer = iterator.next()
      const isLate = isThenable(answer)
      answeredAtOnce = isLate ? 0 : answeredAtOnce + 1
      return isLate ? Promise.resolve(answer).then(take) : take(answer)
    },
    takeRest: () => undefined,
    close() {
      try {
        // A generator that is awaiting something would answer only when it resumes; the run does not wait for that.
        void Promise.resolve(iterator.return?.()).catch(() => undefined)
      } catch {
        // The clean-up threw, or the generator is running right now. Neither may keep outcomes from the caller.
      }
    },
  }
}
