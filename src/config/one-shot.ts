/**
 * Streams that can be read once: two requests with one of them would send torn or empty bodies, and both would be ok.
 *
 * A request owns its streams from when it is prepared. Whether somebody has read from a stream of Node's or the web's,
 * the stream itself says; of generators only we know that we did.
 */
import { Readable } from 'node:stream'
import { isStream, UsedStream } from '../core/body.ts'
import type { Chunks } from '../core/body.ts'
import type { Trip } from '../core/trip.ts'

const owners = new WeakMap<object, Trip>()
const begun = new WeakSet<object>()

/** Whether it is an iterator or a stream of Node or the web. Any other iterable starts over each time it is iterated. */
export function isOneShot(value: unknown): value is Chunks {
  if (!isStream(value)) return false
  const { next, pipe, getReader } = value as { next?: unknown; pipe?: unknown; getReader?: unknown }
  return [next, pipe, getReader].some(method => typeof method === 'function')
}

function isUsed(stream: object): boolean {
  return begun.has(stream) || Readable.isDisturbed(stream as never) || (stream as { locked?: unknown }).locked === true
}

/** Makes the request that is on this trip the owner of the streams; false where one of them is used or owned already. */
export function claim(streams: readonly Chunks[], trip: Trip): boolean {
  if (new Set(streams).size < streams.length) return false
  if (streams.some(stream => isUsed(stream) || isOwned(stream))) return false
  for (const stream of streams) owners.set(stream, trip)
  return true
}

/** By a request that is under way: one that has ended without reading it gives it back. */
const isOwned = (stream: Chunks): boolean => (owners.get(stream)?.slot ?? -1) !== -1

/** Its chunks, the first time. An iterable begins anew each time, unless it answers with an iterator that has begun. */
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
