/** Any input as one way to ask for the next item; arrays also say how many there are. */
import { isThenable } from '../core/callback.ts'
import type { Standing } from '../core/standing.ts'
import type { Trip } from '../core/trip.ts'

/**
 * An item of the input. `index` numbers the items of a run as they are taken, for display. `id` is the identity of its
 * request where the source knows it, as it does for one that was found while running (see child-ids.ts); else it follows
 * from the key, or from the index. `lane`: whose limits it is under, where that is known already.
 */
export interface Item {
  readonly value: unknown
  readonly index: number
  readonly id?: string
  readonly lane?: string
}

/** `'done'`: there are no more. `'later'`: there are, but none that could go now. */
export type Pulled = Item | 'done' | 'later'

export interface Source {
  /** Items in all, when that is known before the first pull. */
  readonly size: number | undefined
  /** Items worth holding ready, because the next one may take its time to come. */
  readonly lookAhead: number
  pull(): Pulled | Promise<Pulled>
  /** Hands out all items left in an input of known length, blocked ones included. A lazy input has none. */
  takeRest(take: (item: Item) => void): void
  /** By lanes: its items that wait for their turn cost nothing, so they need no window. */
  readonly isByLanes?: boolean
  /** The lane may have room again. `standing`: how far its host is trusted now, when there is news of that. */
  wake?(lane: string, standing?: Standing): void
  /** An item of this lane is on its way. */
  pulled?(lane: string, trip: Trip): void
  /** Whether an item for a host of this standing is ready. */
  wants?(standing: Standing): boolean
  /** Items that have not been pulled and are meant for this lane, or for any; as far as that is known. */
  backlogOf?(lane: string | undefined): number
  /** No more pulls will come: the input may clean up. Errors of that are the input's own. */
  close(): void
}

export function isIterable(input: unknown): input is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input)
}

const ASYNC_LOOK_AHEAD = 16
/** An input that has answered so often at once reads ahead by itself, as whoever hands out a file does. */
const ANSWERS_AT_ONCE = 64

/** Items in the order of the input. `lane`: that of all of them, where they have one; `standing`: that of its host. */
export function toSource(
  input: Iterable<unknown> | AsyncIterable<unknown>,
  lane?: string,
  standing: Standing = 'new',
): Source {
  return Array.isArray(input) ? fromArray(input, lane, standing) : fromIterator(input)
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
      throw new TypeError(`urls: expected an iterator that answers with objects, got ${String(answer)}.`)
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
        // Its clean-up threw, or it is running right now: no reason to keep anybody from their outcomes.
      }
    },
  }
}
