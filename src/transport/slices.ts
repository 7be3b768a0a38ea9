/**
 * Large pieces of a body are written a slice at a time, so that progress shows before the end of the piece: an upload
 * that is slow is told from one that stalls.
 */

/** A peer that takes less than this within `timeouts.idle` counts as stalled. */
export const SLICE_BYTES = 65_536

export function slices(data: Uint8Array): Iterable<Uint8Array> {
  return data.byteLength <= SLICE_BYTES ? [data] : cut(data)
}

function* cut(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += SLICE_BYTES) yield data.subarray(at, at + SLICE_BYTES)
}
