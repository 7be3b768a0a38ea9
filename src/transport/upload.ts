/**
 * Blobs and multipart bodies → bytes on the wire: how many there will be, and then just so many. Files are read while
 * they are sent, and one that changes meanwhile fails its request before its last boundary is out.
 *
 * An encoder of our own, because those of undici and Node know no files without a Blob, no streams, and no length.
 */
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Chunks, Multipart, Part, PartFile, Upload } from '../core/body.ts'
import { isBlob } from '../core/body.ts'
import { reasonOf } from '../core/callback.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

/** What an attempt is about to send. */
export interface Measured {
  /** Undefined where a stream is in it whose length nobody knows: it goes in chunks. */
  readonly bytes: number | undefined
  readonly chunks: () => Chunks
}

/** A file as it was when its length was announced. */
interface Seen {
  readonly size: number
  readonly changedAtMs: number
}

const READ_BYTES = 65_536

/** What was announced cannot be sent. Carries the code of its fault. */
export class UploadError extends Error {
  readonly code: Fault['code']
  constructor(code: Fault['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Looks at its files; one that is not there is a Fault, and nothing has been sent. */
export async function measure(upload: Upload): Promise<Measured | Fault> {
  if (isBlob(upload)) return { bytes: upload.size, chunks: () => upload.stream() }
  const seen = new Map<Part, Seen>()
  let bytes: number | undefined = closing(upload).byteLength
  for (const part of upload.parts) {
    const length = await lengthOf(part, seen)
    if (isFault(length)) return length
    if (bytes !== undefined)
      bytes = length === undefined ? undefined : bytes + opening(upload, part).byteLength + length + 2
  }
  return { bytes, chunks: () => encode(upload, seen) }
}

async function lengthOf(part: Part, seen: Map<Part, Seen>): Promise<number | undefined | Fault> {
  const { content, name } = part
  if (typeof content === 'string') return Buffer.byteLength(content)
  if (content instanceof Uint8Array) return content.byteLength
  if (isBlob(content)) return content.size
  if ('open' in content) return content.bytes
  try {
    const found = await stat(content.path)
    if (!found.isFile()) return noFile(name, `${content.path} is none`)
    seen.set(part, { size: found.size, changedAtMs: found.mtimeMs })
    return found.size
  } catch (error) {
    return noFile(name, reasonOf(error), error)
  }
}

function noFile(name: string, reason: string, cause?: unknown): Fault {
  return fault('invalid_request/file', `multipart.${name}: expected a file that can be read: ${reason}`, { cause })
}

async function* encode(upload: Multipart, seen: ReadonlyMap<Part, Seen>): Chunks {
  for (const part of upload.parts) {
    yield opening(upload, part)
    yield* contentOf(part, seen)
    yield CRLF
  }
  yield closing(upload)
}

const CRLF = Buffer.from('\r\n')

function contentOf(part: Part, seen: ReadonlyMap<Part, Seen>): Chunks | Uint8Array[] {
  const { content, name } = part
  if (typeof content === 'string') return content === '' ? [] : [Buffer.from(content)]
  if (content instanceof Uint8Array) return content.byteLength === 0 ? [] : [content]
  if (isBlob(content)) return content.stream()
  if ('open' in content) return counted(content.open(), content.bytes, name)
  return readFile(content, seen.get(part) as Seen, name)
}

async function* readFile({ path }: PartFile, seen: Seen, name: string): Chunks {
  const changed = (): UploadError =>
    new UploadError('invalid_request/file_changed', `multipart.${name}: ${path} changed while it was sent`)
  let file: FileHandle
  try {
    file = await open(path)
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

async function* counted(chunks: Chunks, bytes: number | undefined, name: string): Chunks {
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
function opening({ boundary }: Multipart, { name, filename, type }: Part): Uint8Array {
  let head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"`
  if (filename !== undefined) head += `; filename="${escaped(filename)}"`
  if (type !== undefined) head += `\r\nContent-Type: ${type}`
  return Buffer.from(`${head}\r\n\r\n`)
}

const closing = ({ boundary }: Multipart): Uint8Array => Buffer.from(`--${boundary}--\r\n`)

const ESCAPES: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A', '"': '%22' }

const escaped = (text: string): string => text.replace(/[\r\n"]/g, found => ESCAPES[found] as string)
