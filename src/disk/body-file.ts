/**
 * Streams a body into a file: written as it arrives, renamed when it is complete. A truncated download is continued if
 * the server can prove that the content is unchanged (RFC 9110 §13.1.5, §14.4); otherwise it starts again.
 */
import { PartFile } from './part-file.ts'
import { isWanted } from '../core/wanted-body.ts'
import type { Attempt } from '../core/attempt.ts'
import type { BodySink, BodyWriter } from '../core/body-sink.ts'
import type { Call } from '../core/call.ts'
import { getAllHeaders, getHeader, mergeHeaders } from '../core/headers.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result, Taken } from '../core/result.ts'
import { tooManyBytes } from '../core/result.ts'

export interface FileParts {
  /** Chooses the path. No other request gets it until it is released. */
  readonly reserve: (call: Call) => Promise<Reserved | Fault>
  readonly faultOf: (error: unknown, path: string) => Fault
}

export interface Reserved {
  readonly path: string
  /** Replace an existing file. */
  readonly overwrite: boolean
  readonly release: () => void
}

/** The representation that the partial file belongs to. */
interface Representation {
  readonly url: string
  readonly etag: string
  readonly total: number | undefined
  readonly head: Reply
}

export function fileSink(call: Call, parts: FileParts): BodySink {
  return new FileSink(call, parts)
}

class FileSink implements BodySink {
  readonly #call: Call
  readonly #parts: FileParts
  #reserved: Reserved | undefined
  #part: PartFile | undefined
  #writer: PartWriter | undefined
  #known: Representation | undefined
  /** Offset that this attempt asked the server to continue from; 0 for the beginning. */
  #askedFrom = 0
  /** The response that brought the beginning of the file, if a later one continued it. */
  #first: Reply | undefined
  /** The caller asked for a range and gets exactly that. */
  #wantsRange = false

  constructor(call: Call, parts: FileParts) {
    this.#call = call
    this.#parts = parts
  }

  async open(): Promise<Fault | undefined> {
    const reserved = await this.#parts.reserve(this.#call)
    if (isFault(reserved)) return reserved
    this.#reserved = reserved
    this.#part = new PartFile(reserved, this.#call.plan.saving.checksum?.split(':')[0])
    return undefined
  }

  prepare(attempt: Attempt): Promise<Fault | undefined> {
    this.#writer?.stop()
    this.#continuePart(attempt)
    return this.#opened()
  }

  /**
   * Opens the file before anything is sent: if no file descriptor is free, nothing is lost and the request can wait.
   */
  async #opened(): Promise<Fault | undefined> {
    try {
      await this.#part?.open()
      return undefined
    } catch (error) {
      return this.#parts.faultOf(error, this.#reserved?.path ?? '')
    }
  }

  rest(): void {
    // A failure is reported at the end of the request.
    if (this.#part?.bytes === 0) this.#part.discard().catch(() => undefined)
  }

  /** Asks for the missing range if a beginning exists that it can be appended to. */
  #continuePart(attempt: Attempt): void {
    this.#askedFrom = 0
    this.#wantsRange = getHeader(attempt.headers, 'range') !== undefined
    const known = this.#known
    const bytes = this.#part?.bytes ?? 0
    if (known === undefined || bytes === 0 || this.#wantsRange) return
    if (attempt.call.method !== 'GET' || attempt.call.url !== known.url) return
    this.#askedFrom = bytes
    attempt.headers = mergeHeaders(attempt.headers, ['range', `bytes=${bytes}-`, 'if-range', known.etag])
  }

  begin(head: Reply): BodyWriter | Fault | undefined {
    this.#writer?.stop()
    const known = this.#known
    if (this.#askedFrom > 0 && known !== undefined) {
      const wrong =
        head.status === 206
          ? partProblem(head, known, this.#askedFrom)
          : head.status === 416 && 'the server has no more bytes'
      if (typeof wrong === 'string') {
        this.#known = undefined
        return fault('truncated/range', `cannot continue at byte ${this.#askedFrom}: ${wrong}`, {
          sent: true,
          reply: head,
        })
      }
      if (wrong === undefined) {
        this.#first = known.head
        return this.#write(head, totalOf(head))
      }
    }
    const wanted = isWanted(head, this.#call)
    if (wanted !== true) return wanted === false ? undefined : wanted
    if (head.status === 206 && !this.#wantsRange) {
      return fault('truncated/range', 'got a 206 to a request without Range', {
        sent: true,
        reply: head,
      })
    }
    this.#part?.restart()
    this.#first = undefined
    this.#known = this.#wantsRange ? undefined : representationOf(head)
    return this.#write(head, undefined)
  }

  #write(head: Reply, total: number | undefined): BodyWriter {
    const part = this.#part as PartFile
    const { path } = this.#reserved as Reserved
    const { maxResponseBytes, saving } = this.#call.plan
    return (this.#writer = new PartWriter(part, {
      head,
      path,
      maxBytes: maxResponseBytes,
      total,
      checksum: saving.checksum,
      faultOf: error => ({ ...this.#parts.faultOf(error, path), sent: true }),
      // From here on a new attempt needs the whole body.
      ended: () => (this.#known = undefined),
    }))
  }

  async close(result: Result): Promise<Result> {
    const { path, release } = this.#reserved as Reserved
    const part = this.#part as PartFile
    this.#writer?.stop()
    try {
      if (result.kind === 'reply' && result.taken?.path === path) {
        await part.commit()
        // A body put together from ranges is reported with the head of its first response.
        const { status, statusText, headers } = this.#first ?? result
        return { ...result, status, statusText, headers }
      }
      await part.abandon()
      return result
    } catch (error) {
      await part.abandon().catch(() => undefined)
      return result.kind === 'fault' ? result : { ...this.#parts.faultOf(error, path), sent: true, reply: result }
    } finally {
      release()
    }
  }
}

interface WriterParts {
  readonly head: Reply
  readonly path: string
  readonly maxBytes: number
  /** Total length, if another response gave it. */
  readonly total: number | undefined
  readonly checksum: string | undefined
  readonly faultOf: (error: unknown) => Fault
  readonly ended: () => void
}

/** With more bytes waiting for the disk than this, the connection is paused (back-pressure). */
const MAX_WAITING_BYTES = 2 ** 18

class PartWriter implements BodyWriter {
  readonly #part: PartFile
  readonly #parts: WriterParts
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #bytes: number
  #writing: Promise<void> | undefined
  #failed: Fault | undefined
  #stopped = false

  constructor(part: PartFile, parts: WriterParts) {
    this.#part = part
    this.#parts = parts
    this.#bytes = part.bytes
  }

  write(piece: Uint8Array): Promise<Fault | undefined> | undefined {
    if (this.#stopped) return undefined
    const { maxBytes, head } = this.#parts
    this.#bytes += piece.byteLength
    if (this.#bytes > maxBytes) {
      const message = tooManyBytes('the body', maxBytes)
      this.#failed ??= fault('too_large/body', message, { sent: true, reply: head })
    }
    if (this.#failed !== undefined) return Promise.resolve(this.#failed)
    this.#waiting.push(piece)
    this.#waitingBytes += piece.byteLength
    this.#writing ??= this.#write()
    return this.#waitingBytes < MAX_WAITING_BYTES ? undefined : this.#writing.then(() => this.#failed)
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && this.#failed === undefined) {
        await this.#part.append(this.#takeWaiting())
      }
    } catch (error) {
      this.#failed = this.#parts.faultOf(error)
    } finally {
      this.#writing = undefined
    }
  }

  #takeWaiting(): Uint8Array {
    const pieces = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
  }

  async end(): Promise<Fault | Taken> {
    await this.#writing
    if (this.#failed !== undefined) return this.#failed
    const { total, checksum, head, path, ended, faultOf } = this.#parts
    const { bytes } = this.#part
    if (total !== undefined && bytes !== total) {
      return fault('truncated/length', `expected ${total} bytes, got ${bytes}`, { sent: true, reply: head })
    }
    try {
      const found = await this.#part.finish()
      ended()
      if (checksum === undefined || checksum.endsWith(`:${found}`)) return { bytes, path }
      const message = `checksum: expected ${checksum}, got ${found}`
      return fault('truncated/checksum', message, { sent: true, reply: head })
    } catch (error) {
      return faultOf(error)
    }
  }

  /** Writes what has arrived, so that a later attempt can continue after it. */
  stop(): void {
    this.#stopped = true
    if (this.#waiting.length === 0 || this.#failed !== undefined) return
    // A later attempt gets the same error.
    this.#part.append(this.#takeWaiting()).catch(() => undefined)
  }
}

/** A single strong entity tag (RFC 9110 §8.8.3). */
const STRONG = /^"[\x21\x23-\x7e\x80-\xff]*"$/

/** The representation that a later attempt may continue; undefined if nothing proves that the content is unchanged. */
function representationOf(head: Reply): Representation | undefined {
  const [etag = '', ...more] = getAllHeaders(head.headers, 'etag')
  if (head.status !== 200 || !STRONG.test(etag) || more.length > 0 || isCoded(head)) return undefined
  if (getHeader(head.headers, 'accept-ranges')?.toLowerCase() === 'none') return undefined
  const length = getHeader(head.headers, 'content-length')
  return { url: head.url, etag, total: length === undefined ? undefined : Number(length), head }
}

function isCoded({ headers }: Reply): boolean {
  return getAllHeaders(headers, 'content-encoding').some(coding => coding.trim().toLowerCase() !== 'identity')
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/i

function totalOf(head: Reply): number {
  return Number(CONTENT_RANGE.exec(getHeader(head.headers, 'content-range') ?? '')?.[3])
}

/** Why this range cannot be appended; undefined if it can. */
function partProblem(head: Reply, { url, etag, total }: Representation, from: number): string | undefined {
  const ranges = getAllHeaders(head.headers, 'content-range')
  const [, first, last] = CONTENT_RANGE.exec(ranges[0] ?? '') ?? []
  const whole = totalOf(head)
  if (ranges.length !== 1 || first === undefined || Number(first) !== from) return 'the server sent another range'
  if (Number(last) < from || Number(last) >= whole || (total !== undefined && whole !== total)) {
    return 'the server sent a range of another length'
  }
  const etags = getAllHeaders(head.headers, 'etag')
  if (head.url !== url || etags.length !== 1 || etags[0] !== etag) return 'the content has changed'
  return isCoded(head) ? 'the server sent another content coding' : undefined
}
