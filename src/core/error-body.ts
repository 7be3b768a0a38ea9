/** The body of a refused response as people see it: text without secrets, cut to `maxErrorBody`. */
import { byteOrderMark, charsetOf, decoderOf, isTextType } from './charset.ts'
import type { HeaderList } from './headers.ts'
import { latin1 } from './latin1.ts'
import { redacted, secretsOf } from './secrets.ts'
import type { Sent } from './secrets.ts'

/** In the form of a line of JSON. */
export interface ErrorBody {
  /** Text, or base64 if `bodyEncoding` says so. */
  readonly body: string
  /** Present if the response had more. */
  readonly bodyTruncated?: true
  /** Present if the bytes are not text. */
  readonly bodyEncoding?: 'base64'
}

export interface RefusedBody {
  /** What is kept of it. */
  readonly kept: Uint8Array
  /** Whether it had more. */
  readonly isCut: boolean
  readonly headers: HeaderList
  /** What must not be shown. */
  readonly sent: Sent
}

/** Its first bytes; undefined if it has none, or if `maxBytes` is 0. */
export function errorBodyOf(refused: RefusedBody, maxBytes: number): ErrorBody | undefined {
  const { kept, sent } = refused
  if (kept.byteLength === 0 || maxBytes === 0) return undefined
  const isCut = refused.isCut || kept.byteLength > maxBytes
  const bytes = kept.subarray(0, Math.min(kept.byteLength, maxBytes))
  const cut = isCut ? ({ bodyTruncated: true } as const) : undefined
  const clean = (text: string): string => redacted(text, secretsOf(sent), sent.secretNames, isCut)
  const text = textOf(bytes, isCut, refused)
  if (text !== undefined) return { body: clean(text), ...cut }
  // One character per byte, so that a secret between other bytes is found as well.
  return { body: btoa(clean(latin1(bytes))), ...cut, bodyEncoding: 'base64' }
}

/** A character that the cut has divided is left out. Undefined if the bytes are not text. */
function textOf(bytes: Uint8Array, isCut: boolean, { headers, kept }: RefusedBody): string | undefined {
  const label = byteOrderMark(kept) ?? charsetOf(headers) ?? 'utf-8'
  const decoder = decoderOf(label) ?? new TextDecoder('utf-8', { fatal: true })
  let text: string
  try {
    text = decoder.decode(bytes, { stream: isCut })
  } catch {
    if (!isTextType(headers)) return undefined
    return new TextDecoder(decoder.encoding).decode(bytes, { stream: isCut })
  }
  return text.includes('\0') && !isTextType(headers) ? undefined : text
}
