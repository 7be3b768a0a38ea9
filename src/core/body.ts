/** The body of a request as data: bytes in memory, a stream to open, or an upload that is opened when it is sent. */

export type Chunks = AsyncIterable<Uint8Array | string>

/** A function is called once per attempt and opens a stream. */
export type Body = string | Uint8Array | (() => Chunks) | Upload

/** A body that is not in memory. Its length can be determined, and it can be opened any number of times. */
export type Upload = Blob | Multipart

/** `multipart/form-data` (RFC 7578). */
export interface Multipart {
  readonly boundary: string
  readonly parts: readonly BodyPart[]
}

export interface BodyPart {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly content: string | Uint8Array | Blob | UploadFile | UploadStream
}

/** A file that is read from disk while it is sent. */
export interface UploadFile {
  readonly path: string
}

export interface UploadStream {
  readonly open: () => Chunks
  /** The length that the caller announced. Undefined if it is unknown. */
  readonly bytes: number | undefined
}

/** Thrown instead of reading a stream a second time that can be read only once. */
export class UsedStream extends Error {}

/** True for a body in memory: it can be shown to a hook, measured, and sent to another thread. */
export function isAtHand(body: Body | undefined): body is string | Uint8Array | undefined {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array
}

export function isUpload(body: Body | undefined): body is Upload {
  return typeof body === 'object' && !(body instanceof Uint8Array)
}

export const isMultipart = (body: Body | undefined): body is Multipart => isUpload(body) && !isBlob(body)

/** Checks the tag instead of the class, because a FormData may hold Blobs of another realm or library. */
export const isBlob = (value: unknown): value is Blob =>
  typeof value === 'object' &&
  value !== null &&
  /^(?:Blob|File)$/.test((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '') &&
  typeof (value as Partial<Blob>).stream === 'function'

/** An open stream of the web or of Node, which can be read only once. */
export const isStream = (value: unknown): value is Chunks =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value
