/**
 * Bytes → text: by byte-order mark, otherwise by the charset of the content type, otherwise UTF-8 (WHATWG Encoding).
 */
import { isUtf8 } from 'node:buffer'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Reply } from '../core/result.ts'

/** RFC 6839 §3.1 names the second half `+json`. */
export const JSON_TYPE = /^\s*[\w.+-]+\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i
export const TEXT_TYPE = /^\s*(?:text\/|application\/(?:[\w.+-]*\+)?(?:xml|javascript|yaml)\b)/i

/** Whether the content type is a text type. */
export function isTextType(headers: HeaderList): boolean {
  const type = getHeader(headers, 'content-type') ?? ''
  return JSON_TYPE.test(type) || TEXT_TYPE.test(type)
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";,]{1,40})/i

/** UTF-8, without a byte-order mark. */
export function decodeUtf8(body: Uint8Array): string {
  // Buffer's decoder, which needs no decoder object per body.
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const text = bytes.toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

export interface DecodedText {
  readonly text: string
  readonly warning?: string
}

/**
 * Like `decodeText`, but without a decoder object for bodies that are UTF-8, as JSON nearly always is. A body that
 * really contains U+FFFD is decoded again.
 */
export function decodeJson(reply: Reply): DecodedText {
  const charset = charsetOf(reply)
  if (charset !== undefined && !UTF_8.test(charset)) return decodeText(reply)
  const text = decodeUtf8(reply.body)
  return text.includes('\uFFFD') ? decodeText(reply) : { text }
}

/** Only the warning of `decodeText`. A valid UTF-8 body is not decoded for it. */
export function textWarning(reply: Reply): string | undefined {
  const charset = charsetOf(reply)
  const isPlain = (charset === undefined || UTF_8.test(charset)) && isUtf8(reply.body)
  return isPlain ? undefined : decodeText(reply).warning
}

const UTF_8 = /^utf-?8$/i

const charsetOf = ({ headers }: Reply): string | undefined =>
  CHARSET.exec(getHeader(headers, 'content-type') ?? '')?.[1]

export function decodeText(reply: Reply): DecodedText {
  const { body } = reply
  const label = byteOrderMark(body) ?? charsetOf(reply) ?? 'utf-8'
  const decoder = decoderOf(label)
  if (decoder === undefined)
    return { text: decodeUtf8(body), warning: `unknown charset ${JSON.stringify(label)}, read as UTF-8` }
  try {
    return { text: decoder.decode(body) }
  } catch {
    return {
      text: new TextDecoder(label).decode(body),
      warning: `some bytes are not ${decoder.encoding}; they read as U+FFFD`,
    }
  }
}

function byteOrderMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  return undefined
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label, { fatal: true })
  } catch {
    return undefined
  }
}
