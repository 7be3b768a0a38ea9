/** Where the open requests of a run are at this moment. */
import type { OpenCalls } from './open-calls.ts'

/** Numbers of requests. */
export interface Places {
  readonly open: number
  /** Waiting for a slot or at another limit. */
  readonly queued: number
  /** The lanes that those wait in; of very many requests, of evenly chosen ones. */
  readonly queuedIn: ReadonlyMap<string, number>
  /** Waiting for a retry. */
  readonly backingOff: number
  /** Waiting for the next look at a job. */
  readonly polling: number
  readonly onWire: number
  /** Those of them on the wire that have been there before, redirects and polls aside. */
  readonly repeated: number
  /** In a function of the caller. */
  readonly inCallback: number
}

export interface Census extends Places {
  /** Outcomes that the consumer has not taken, or not finished with. */
  readonly untaken: number
  /** No further request is taken from the input until the consumer has taken an outcome. */
  readonly isWindowFull: boolean
  /** `awaited`: the next request has been asked for and is not there yet. */
  readonly input: 'over' | 'awaited' | 'more'
}

/** Of more open requests, evenly chosen ones stand for all. */
const MOST_COUNTED = 1_000

export function placesOf(calls: OpenCalls): Places {
  const { size } = calls
  const step = Math.max(1, Math.ceil(size / MOST_COUNTED))
  const queuedIn = new Map<string, number>()
  let [counted, queued, backingOff, polling, onWire, repeated, inCallback] = [0, 0, 0, 0, 0, 0, 0]
  for (let index = 0; index < size; index += step) {
    const { lane, trip } = calls.at(index)
    const { cancelSlot, retry } = trip
    counted++
    switch (cancelSlot.place) {
      case 'queue':
        queued++
        queuedIn.set(lane, (queuedIn.get(lane) ?? 0) + 1)
        break
      case 'backoff':
        backingOff++
        break
      case 'polling':
        polling++
        break
      case 'callback':
        inCallback++
        break
      case 'wire':
        onWire++
        if (retry.attempts - retry.redirects - retry.polls > 1) repeated++
    }
  }
  const all = (part: number): number => (counted === 0 ? 0 : Math.round((part * size) / counted))
  return {
    open: size,
    queued: all(queued),
    queuedIn,
    backingOff: all(backingOff),
    polling: all(polling),
    onWire: all(onWire),
    repeated: all(repeated),
    inCallback: all(inCallback),
  }
}
