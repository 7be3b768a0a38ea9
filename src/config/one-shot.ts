/**
 * Streams that can be read only once: two requests with the same stream would send torn or empty bodies, and both would
 * succeed. A request owns its streams from its preparation on. A stream of Node or the web tells whether it has been
 * read; for a generator, we know only whether we read it.
 */
import { Readable } from 'node:stream'
import { isStream, UsedStream } from '../core/body.ts'
import type { Chunks } from '../core/body.ts'
import type { Trip } from '../core/trip.ts'

const owners = new WeakMap<object, Trip>()
const begun = new WeakSet<object>()

/**
 * Whether it is an iterator or a stream of Node or the web. Any other iterable starts anew each time it is iterated.
 */
export function isOneShot(value: unknown): value is Chunks {
  if (!isStream(value)) return false
  const { next, pipe, getReader } = value as { next?: unknown; pipe?: unknown; getReader?: unknown }
  return [next, pipe, getReader].some(method => typeof method === 'function')
}

function isUsed(stream: object): boolean {
  return begun.has(stream) || Readable.isDisturbed(stream as never) || (stream as { locked?: unknown }).locked === true
}

/** Makes the request of this trip the owner of the streams. Returns false if one of them is used or owned already. */
export function claim(streams: readonly Chunks[], trip: Trip): boolean {
  if (new Set(streams).size < streams.length) return false
  if (streams.some(stream => isUsed(stream) || isOwned(stream))) return false
  for (const stream of streams) owners.set(stream, trip)
  return true
}

/** Owned by a request in flight: a request that has ended without reading the stream releases it. */
const isOwned = (stream: Chunks): boolean => (owners.get(stream)?.slot ?? -1) !== -1

/** The chunks of the stream, once. An iterable starts anew each time, unless it returns an iterator that has begun. */
export async function* chunksOnce(stream: Chunks): Chunks {
  const isOnce: boolean = isOneShot(stream)
  const anew = isOnce ? undefined : stream[Symbol.asyncIterator]()
  const source = anew ?? stream
  if (isUsed(source)) throw new UsedStream(USED)
  begun.add(source)
  yield* anew === undefined ? stream : { [Symbol.asyncIterator]: () => anew }
}

export const USED =
  'body: expected an unread stream, got one that has been read or is in another request. Give a function that opens a new one: () => createReadStream(path).'
