/** What a request sends, as data: bytes at hand, a stream to open, or an upload that is opened when it is sent. */

export type Chunks = AsyncIterable<Uint8Array | string>

/** A function opens its stream once per attempt. */
export type Body = string | Uint8Array | (() => Chunks) | Upload

/** Not at hand, and yet no secret: its length can be found, and it can be opened any number of times. */
export type Upload = Blob | Multipart

/** `multipart/form-data` (RFC 7578). */
export interface Multipart {
  readonly boundary: string
  readonly parts: readonly Part[]
}

export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly content: string | Uint8Array | Blob | PartFile | PartStream
}

/** Read from disk while it is sent. */
export interface PartFile {
  readonly path: string
}

export interface PartStream {
  readonly open: () => Chunks
  /** As the caller announced it; undefined where nobody knows. */
  readonly bytes: number | undefined
}

/** A stream that can be read once was to be read again. */
export class UsedStream extends Error {}

/** At hand: it can be shown to a hook, measured and sent to another thread. */
export function isAtHand(body: Body | undefined): body is string | Uint8Array | undefined {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array
}

export function isUpload(body: Body | undefined): body is Upload {
  return typeof body === 'object' && !(body instanceof Uint8Array)
}

export const isMultipart = (body: Body | undefined): body is Multipart => isUpload(body) && !isBlob(body)

/** By its tag: a FormData may hold those of another realm, or of another library. */
export const isBlob = (value: unknown): value is Blob =>
  typeof value === 'object' &&
  value !== null &&
  /^(?:Blob|File)$/.test((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '') &&
  typeof (value as Partial<Blob>).stream === 'function'

/** A stream at hand, of the web or of Node: it can be read once. */
export const isStream = (value: unknown): value is Chunks =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value
