/**
 * Content codings → plain bytes, chunk by chunk and in constant memory (RFC 9110 §8.4). `decompress.ts` does the same
 * at once for small bodies in memory.
 *
 * A chain of async generators: a consumer that does not ask for the next chunk holds up everything before it.
 */
// By its default export: see core/supported-node.ts.
import zlib from 'node:zlib'
import type { BrotliDecompress, Inflate, InflateRaw, ZstdDecompress } from 'node:zlib'
import { ByteSource } from './byte-source.ts'
import { explain, hasGzipHeader, hasZlibHeader, hasZstdMagic, isKnown, tooLarge, unsupported } from './codings.ts'
import type { CodingProblem, ZlibError } from './codings.ts'
import { say } from '../core/words.ts'
import { NO_BYTES } from './pieces.ts'

/** A body that cannot be decoded. Callers outside this folder get a Fault. */
export class Undecodable extends Error {
  readonly problem: CodingProblem

  constructor(problem: CodingProblem) {
    super(say(problem[1]))
    this.problem = problem
  }
}

export interface UnpackPlan {
  readonly codings: readonly string[]
  readonly maxBytes: number
  /** A body that does not match its coding is passed on as it is. */
  readonly lenient: boolean
  readonly warn: (warning: string) => void
}

type ByteChunks = AsyncGenerator<Uint8Array, void, void>

/** @throws Undecodable */
export function unpack(packed: AsyncIterable<Uint8Array>, plan: UnpackPlan): AsyncIterable<Uint8Array> {
  return plan.codings.toReversed().reduce<AsyncIterable<Uint8Array>>((pieces, coding) => {
    return capped(plan.lenient ? forgiving(coding, pieces, plan) : strict(coding, pieces, plan.warn), plan.maxBytes)
  }, packed)
}

async function* capped(pieces: ByteChunks, maxBytes: number): ByteChunks {
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.byteLength
    if (bytes > maxBytes) throw new Undecodable(['too_large/decoded', tooLarge(maxBytes)])
    yield piece
  }
}

async function* strict(coding: string, packed: AsyncIterable<Uint8Array>, warn: UnpackPlan['warn']): ByteChunks {
  const source = new ByteSource(packed)
  if (!isKnown(coding)) throw new Undecodable(unsupported(coding))
  if ((await source.peek(1)).byteLength === 0) return
  yield* STREAM_DECODERS[coding](source)
  let left = 0
  for (let piece = await source.next(); piece !== undefined; piece = await source.next()) left += piece.byteLength
  if (left > 0) warn(`${left} bytes after the end of the ${coding} body were ignored`)
}

/** How many bytes are kept in case the body does not match its coding. */
const MAX_REMEMBERED_BYTES = 65_536

async function* forgiving(coding: string, packed: AsyncIterable<Uint8Array>, plan: UnpackPlan): ByteChunks {
  const source = new ByteSource(packed)
  let seen: Uint8Array[] | undefined = []
  let seenBytes = 0
  const remembering = async function* (): ByteChunks {
    for (let piece = await source.next(); piece !== undefined; piece = await source.next()) {
      seenBytes += piece.byteLength
      if (seenBytes > MAX_REMEMBERED_BYTES && seen !== undefined && seen.length > 0) seen = undefined
      seen?.push(piece)
      yield piece
    }
  }
  // A raw deflate stream has no magic bytes, and any text may begin like one.
  const isUnmarked = coding === 'deflate' && !hasZlibHeader(await source.peek(2))
  const held: Uint8Array[] = []
  try {
    for await (const piece of strict(coding, remembering(), plan.warn)) {
      held.push(piece)
      if (isUnmarked && seen !== undefined) continue
      seen = undefined
      yield* held.splice(0)
    }
    return yield* held
  } catch (error) {
    if (seen === undefined || !(error instanceof Undecodable)) throw error
    plan.warn(`${error.message}; the body was used as it is`)
  }
  for (const piece of seen ?? []) yield piece
  for (let piece = await source.next(); piece !== undefined; piece = await source.next()) yield piece
}

/**
 * Frees the memory of a chunk at once: the garbage collector would run only when the garbage of a bomb is as large as
 * its content. A chunk that does not end its buffer shares it with what the engine writes next.
 */
export function discard(piece: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = piece
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === CHUNK.chunkSize
  if (isOwn && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0)
}

type Engine = Inflate | InflateRaw | BrotliDecompress | ZstdDecompress

const CHUNK = { chunkSize: 65_536 }

const STREAM_DECODERS = {
  gzip,
  'x-gzip': gzip,
  async *deflate(source) {
    const engine = hasZlibHeader(await source.peek(2)) ? zlib.createInflate(CHUNK) : zlib.createInflateRaw(CHUNK)
    yield* runEngine(engine, 'deflate', source)
  },
  br: source => runEngine(zlib.createBrotliDecompress(CHUNK), 'br', source),
  /** Several frames (RFC 8878 §3.1). Node stops after each frame that does not end together with a chunk. */
  async *zstd(source) {
    do yield* runEngine(zlib.createZstdDecompress(CHUNK), 'zstd', source)
    while (hasZstdMagic(await source.peek(4), 0))
  },
} satisfies Record<string, (source: ByteSource) => ByteChunks>

/**
 * RFC 1952 §2.2: any number of members. Each is decoded by itself, because Node refuses the last one if bytes follow
 * it.
 */
async function* gzip(source: ByteSource): ByteChunks {
  do yield* member(source)
  while (hasGzipHeader(await source.peek(3), 0))
}

/** RFC 1952 §2.3. */
async function* member(source: ByteSource): ByteChunks {
  const magic = await source.peek(3)
  const isCut = magic.byteLength < 3
  if (!hasGzipHeader(isCut ? Buffer.concat([magic, GZIP_MAGIC.subarray(magic.byteLength)]) : magic, 0)) {
    throw new Undecodable(explain(new Error('incorrect header check'), 'gzip', 0))
  }
  const take = async (count: number): Promise<Uint8Array> => {
    const bytes = await source.take(count)
    if (bytes.byteLength < count) throw new Undecodable(explain(new Error('unexpected end'), 'gzip', 0))
    return bytes
  }
  const flags = (await take(10))[3] as number
  if (flags & 4) {
    const [low = 0, high = 0] = await take(2)
    await take(low + high * 256)
  }
  for (const named of [8, 16]) if (flags & named) while ((await take(1))[0] !== 0);
  if (flags & 2) await take(2)
  let sum = 0
  let bytes = 0
  for await (const piece of runEngine(zlib.createInflateRaw(CHUNK), 'gzip', source)) {
    sum = zlib.crc32(piece, sum)
    bytes += piece.byteLength
    yield piece
  }
  const end = await take(8)
  const view = new DataView(end.buffer, end.byteOffset, 8)
  if (view.getUint32(0, true) === sum && view.getUint32(4, true) === bytes % 2 ** 32) return
  throw new Undecodable(explain(new Error('incorrect data check'), 'gzip', 0))
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 8])

/** RFC 8878: magic, header, one block. */
const MIN_FRAME_BYTES = 9

/** Runs one of Node's engines from its first byte to its last. What it did not read stays in the source. */
async function* runEngine(engine: Engine, coding: string, source: ByteSource): ByteChunks {
  let wake: () => void = () => undefined
  engine.on('error', () => wake())
  engine.on('end', () => wake())
  let last: Uint8Array = NO_BYTES
  let fedBytes = 0
  const feed = async (): Promise<void> => {
    // Once the engine leaves part of a chunk unread, the data has ended.
    while (!engine.destroyed && engine.bytesWritten === fedBytes) {
      const piece = await source.next()
      if (piece === undefined) return void engine.end()
      last = piece
      fedBytes += piece.byteLength
      // Node does not call back a write after the end of the data; it ends.
      await new Promise<void>(resolve => {
        wake = resolve
        engine.write(piece, () => resolve())
      })
    }
  }
  // A failing source ends the engine with its own error.
  feed().catch((error: unknown) => engine.destroy(error as Error))
  try {
    for await (const piece of engine) yield piece as Uint8Array
    source.unread(unreadOf(last, fedBytes - engine.bytesWritten))
  } catch (error) {
    if (error instanceof Undecodable) throw error
    // A frame that ended together with a chunk, followed by bytes that are not a frame.
    const isBehind = engine.bytesWritten >= MIN_FRAME_BYTES && /unknown.*frame|prefix/i.test(String(error))
    if (coding === 'zstd' && isBehind) return source.unread(last)
    throw new Undecodable(explain(error as ZlibError, coding, 0))
  } finally {
    engine.destroy()
    wake()
  }
}

function unreadOf(last: Uint8Array, bytes: number): Uint8Array {
  return last.subarray(last.byteLength - bytes)
}
