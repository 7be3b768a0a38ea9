/**
 * Blobs and multipart bodies → bytes on the wire: computes their number first, then sends exactly that many. Files are
 * read while they are sent. If one changes meanwhile, the request fails before the last boundary is sent.
 *
 * Our own encoder, because those of undici and Node support neither files without a Blob, nor streams, nor a known
 * length.
 */
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Attempt } from '../core/attempt.ts'
import type { Chunks, Multipart, BodyPart, UploadFile, Upload } from '../core/body.ts'
import { isBlob } from '../core/body.ts'
import { reasonOf } from '../core/callback.ts'
import type { Done } from '../core/layer.ts'
import { fault, isFault } from '../core/result.ts'
import type { Clock } from '../core/ports.ts'
import type { Fault, Result } from '../core/result.ts'
import { fileFault } from './file-faults.ts'
import { openSockets } from './open-sockets.ts'
import { systemReason } from '../core/system-reason.ts'

/** Carries an attempt whose upload, if it has one, was measured. */
export type Carry = (attempt: Attempt, done: Done, measured?: Measured) => void

/** An upload is measured before it takes a connection, so an unreadable file costs none. */
export async function sendMeasured(attempt: Attempt, upload: Upload, carry: Carry, clock: Clock): Promise<Result> {
  let given = true
  attempt.abort = () => (given = false)
  const body = await measure(upload, clock)
  attempt.abort = undefined
  if (isFault(body)) return body
  try {
    if (!given) return fault('aborted/in_flight', 'aborted before it was sent')
    return await new Promise<Result>(resolve => carry(attempt, resolve, body))
  } finally {
    body.close()
  }
}

/** What an attempt is about to send. */
export interface Measured {
  /** Undefined if a part is a stream of unknown length: the body is then sent in chunks. */
  readonly bytes: number | undefined
  readonly chunks: () => Chunks
  /** Closes all files at the end of the attempt. */
  close(): void
}

/** A file at the time when its length was announced. */
interface SeenFile {
  readonly size: number
  readonly changedAtMs: number
}

const READ_BYTES = 65_536

/** Without a free file descriptor, the wait between two tries doubles from the first to the last. */
const FIRST_WAIT_MS = 5
const LAST_WAIT_MS = 200

/** The files of one attempt. */
class Files {
  readonly #seen = new Map<BodyPart, SeenFile>()
  readonly #clock: Clock
  #first: { readonly part: BodyPart; readonly file: FileHandle } | undefined
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The length of the file. The first file is opened at once, while nothing has been sent: without a free file
   * descriptor the request can still wait in the queue. The others are opened one after the other.
   */
  async lookAt(part: BodyPart, path: string): Promise<number | 'none'> {
    const found = await stat(path)
    if (!found.isFile()) return 'none'
    if (this.#seen.size === 0) this.#first = { part, file: await open(path) }
    this.#seen.set(part, { size: found.size, changedAtMs: found.mtimeMs })
    return found.size
  }

  seen(part: BodyPart): SeenFile {
    return this.#seen.get(part) as SeenFile
  }

  /** Waits for a file descriptor, because what has been sent cannot be taken back. */
  async open(part: BodyPart, path: string): Promise<FileHandle> {
    const first = this.#first
    if (first?.part === part) {
      this.#first = undefined
      return first.file
    }
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LAST_WAIT_MS, 2 * waitMs)) {
      try {
        return await open(path)
      } catch (error) {
        if (this.#isOver || !isShortOfFiles(error, path)) throw error
      }
      openSockets.closeIdle()
      await new Promise<void>(resolve => void this.#clock.after(waitMs, resolve))
    }
  }

  close(): void {
    this.#isOver = true
    const first = this.#first
    this.#first = undefined
    // Nothing was written to it.
    first?.file.close().catch(() => undefined)
  }
}

/** The announced body cannot be sent. Carries the code of its fault. */
export class UploadError extends Error {
  readonly code: Fault['code']
  constructor(code: Fault['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Measures the body. A file that does not exist is a Fault, and nothing has been sent. */
export async function measure(upload: Upload, clock: Clock): Promise<Measured | Fault> {
  if (isBlob(upload)) return { bytes: upload.size, chunks: () => upload.stream(), close: () => undefined }
  const files = new Files(clock)
  let bytes: number | undefined = closing(upload).byteLength
  for (const part of upload.parts) {
    const length = await partLength(part, files)
    if (isFault(length)) {
      files.close()
      return length
    }
    if (bytes !== undefined)
      bytes = length === undefined ? undefined : bytes + opening(upload, part).byteLength + length + 2
  }
  return { bytes, chunks: () => encode(upload, files), close: () => files.close() }
}

async function partLength(part: BodyPart, files: Files): Promise<number | undefined | Fault> {
  const { content, name } = part
  if (typeof content === 'string') return Buffer.byteLength(content)
  if (content instanceof Uint8Array) return content.byteLength
  if (isBlob(content)) return content.size
  if ('open' in content) return content.bytes
  try {
    const length = await files.lookAt(part, content.path)
    return length === 'none' ? noFile(name, `${content.path} is not a file`) : length
  } catch (error) {
    return isShortOfFiles(error, content.path)
      ? fault('resource/fd', `multipart.${name}: no file descriptor is left for ${content.path}`, { cause: error })
      : noFile(name, systemReason(error), error)
  }
}

/** Whether the process or the machine is out of file descriptors. */
const isShortOfFiles = (error: unknown, path: string): boolean => fileFault(error, path).code === 'resource/fd'

function noFile(name: string, reason: string, cause?: unknown): Fault {
  return fault('invalid_request/file', `cannot read the file of multipart.${name}: ${reason}`, { cause })
}

async function* encode(upload: Multipart, files: Files): Chunks {
  for (const part of upload.parts) {
    yield opening(upload, part)
    yield* contentChunks(part, files)
    yield CRLF
  }
  yield closing(upload)
}

const CRLF = Buffer.from('\r\n')

function contentChunks(part: BodyPart, files: Files): Chunks | Uint8Array[] {
  const { content, name } = part
  if (typeof content === 'string') return content === '' ? [] : [Buffer.from(content)]
  if (content instanceof Uint8Array) return content.byteLength === 0 ? [] : [content]
  if (isBlob(content)) return content.stream()
  if ('open' in content) return measured(content.open(), content.bytes, name)
  return fileChunks(part, content, files)
}

async function* fileChunks(part: BodyPart, { path }: UploadFile, files: Files): Chunks {
  const { name } = part
  const seen = files.seen(part)
  const changed = (): UploadError =>
    new UploadError('invalid_request/file_changed', `multipart.${name}: ${path} changed while it was sent`)
  let file: FileHandle
  try {
    file = await files.open(part, path)
  } catch (error) {
    throw new UploadError('invalid_request/file', `multipart.${name}: ${reasonOf(error)}`)
  }
  try {
    for (let left = seen.size; left > 0;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, READ_BYTES)))
      if (bytesRead === 0) throw changed()
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    const { size, mtimeMs } = await file.stat()
    if (size !== seen.size || mtimeMs !== seen.changedAtMs) throw changed()
  } finally {
    await file.close()
  }
}

async function* measured(chunks: Chunks, bytes: number | undefined, name: string): Chunks {
  let sent = 0
  for await (const chunk of chunks) {
    sent += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
    if (bytes !== undefined && sent > bytes) break
    yield chunk
  }
  if (bytes === undefined || sent === bytes) return
  const message = `multipart.${name}: expected a stream of ${bytes} bytes, got ${sent < bytes ? sent : 'more'}`
  throw new UploadError('invalid_request/body', message)
}

/** RFC 7578 §4.2, with the escapes of the HTML standard. */
function opening({ boundary }: Multipart, { name, filename, type }: BodyPart): Uint8Array {
  let head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapedParameter(name)}"`
  if (filename !== undefined) head += `; filename="${escapedParameter(filename)}"`
  if (type !== undefined) head += `\r\nContent-Type: ${type}`
  return Buffer.from(`${head}\r\n\r\n`)
}

const closing = ({ boundary }: Multipart): Uint8Array => Buffer.from(`--${boundary}--\r\n`)

const PARAMETER_ESCAPES: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A', '"': '%22' }

const escapedParameter = (text: string): string => text.replace(/[\r\n"]/g, found => PARAMETER_ESCAPES[found] as string)
