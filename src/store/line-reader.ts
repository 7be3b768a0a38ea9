/** Reads the lines of a file one by one in constant memory, because a run file may be larger than the memory. */
import { constants } from 'node:buffer'
import { read } from 'node:fs'
import { promisify } from 'node:util'
import { LF } from '../core/ascii.ts'

/** Reads bytes of an open file at a position. */
export const readInto = promisify(read)
const CHUNK_BYTES = 1 << 20

/** The bytes after the last `\n`. */
export interface UnfinishedLine {
  readonly bytes: Buffer
  readonly offset: number
}

/**
 * Calls `onLine` with the bytes of each line without its `\n`; they are valid until it returns. Resolves with undefined
 * if a line is too long for a string.
 */
export async function readLines(
  fd: number,
  onLine: (bytes: Buffer, offset: number) => void,
  chunkBytes = CHUNK_BYTES,
): Promise<UnfinishedLine | undefined> {
  let buffer = Buffer.allocUnsafe(chunkBytes)
  // The buffer holds `filled` bytes of the file from `offset` on. The first `searched` of them contain no line end.
  let offset = 0
  let filled = 0
  for (;;) {
    if (filled === buffer.length) {
      if (filled >= constants.MAX_STRING_LENGTH) return undefined
      const larger = Buffer.allocUnsafe(buffer.length * 2)
      buffer.copy(larger, 0, 0, filled)
      buffer = larger
    }
    // oxlint-disable-next-line no-await-in-loop -- The next part of the buffer depends on this one.
    const { bytesRead } = await readInto(fd, buffer, filled, buffer.length - filled, offset + filled)
    if (bytesRead === 0) return { bytes: buffer.subarray(0, filled), offset }
    const searched = filled
    filled += bytesRead
    let start = 0
    let end = buffer.subarray(0, filled).indexOf(LF, searched)
    while (end !== -1) {
      onLine(buffer.subarray(start, end), offset + start)
      start = end + 1
      end = buffer.subarray(0, filled).indexOf(LF, start)
    }
    buffer.copyWithin(0, start, filled)
    offset += start
    filled -= start
  }
}
