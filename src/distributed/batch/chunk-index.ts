/**
 * The list of the chunks of a batch, in the folder of its results. With the rows and the results it is the truth about
 * the batch; Redis has only the work that is left. Records have one size, so that any of them is read with one read.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import type { Chunk } from './chunk.ts'

const RECORD_BYTES = 56
const DIGEST_BYTES = 16

/** The digest of the rows of a chunk. */
export const digestOf = (bytes: Uint8Array): string => digestText(createHash('sha256').update(bytes))

export const digestText = (hash: Hash): string => hash.digest('hex').slice(0, 2 * DIGEST_BYTES)

export class ChunkIndex {
  readonly #fd: number
  /** How many chunks it has. */
  count: number

  /** @param mode `r+` appends, `r` reads. The file of a reader must exist */
  constructor(path: string, mode: 'a+' | 'r') {
    this.#fd = openSync(path, mode, 0o600)
    const { size } = statSync(path)
    this.count = Math.floor(size / RECORD_BYTES)
    // A submit that was killed may have written half a record.
    if (mode === 'a+' && size % RECORD_BYTES !== 0) ftruncateSync(this.#fd, this.count * RECORD_BYTES)
  }

  /** Undefined if there is no such chunk. */
  read(number: number): Chunk | undefined {
    const bytes = Buffer.allocUnsafe(RECORD_BYTES)
    if (readSync(this.#fd, bytes, 0, RECORD_BYTES, number * RECORD_BYTES) < RECORD_BYTES) return undefined
    return {
      number,
      from: Number(bytes.readBigUInt64BE(0)),
      rows: bytes.readUInt32BE(8),
      length: bytes.readUInt32BE(12),
      offset: Number(bytes.readBigUInt64BE(16)),
      line: Number(bytes.readBigUInt64BE(24)),
      digest: bytes.toString('hex', 32, 32 + DIGEST_BYTES),
    }
  }

  get last(): Chunk | undefined {
    return this.count === 0 ? undefined : this.read(this.count - 1)
  }

  /** On the disk when it returns. */
  append(chunks: readonly Chunk[]): void {
    const bytes = Buffer.alloc(RECORD_BYTES * chunks.length)
    for (const [at, { from, rows, length, offset, line, digest }] of chunks.entries()) {
      const start = at * RECORD_BYTES
      bytes.writeBigUInt64BE(BigInt(from), start)
      bytes.writeUInt32BE(rows, start + 8)
      bytes.writeUInt32BE(length, start + 12)
      bytes.writeBigUInt64BE(BigInt(offset), start + 16)
      bytes.writeBigUInt64BE(BigInt(line), start + 24)
      bytes.write(digest, start + 32, 'hex')
    }
    writeSync(this.#fd, bytes)
    fsyncSync(this.#fd)
    this.count += chunks.length
  }

  close(): void {
    closeSync(this.#fd)
  }
}
