/**
 * Bytes → text: by byte-order mark, otherwise by the charset of the content type, otherwise UTF-8 (WHATWG Encoding).
 */
import { isUtf8 } from 'node:buffer'
import { byteOrderMark, charsetOf, decoderOf } from '../core/charset.ts'
import type { Reply } from '../core/result.ts'

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
  const charset = charsetOf(reply.headers)
  if (charset !== undefined && !UTF_8.test(charset)) return decodeText(reply)
  const text = decodeUtf8(reply.body)
  return text.includes('\uFFFD') ? decodeText(reply) : { text }
}

/** Only the warning of `decodeText`. A valid UTF-8 body is not decoded for it. */
export function textWarning(reply: Reply): string | undefined {
  const charset = charsetOf(reply.headers)
  const isPlain = (charset === undefined || UTF_8.test(charset)) && isUtf8(reply.body)
  return isPlain ? undefined : decodeText(reply).warning
}

const UTF_8 = /^utf-?8$/i

export const isUtf8Label = (charset: string): boolean => UTF_8.test(charset)

export function decodeText(reply: Pick<Reply, 'headers' | 'body'>): DecodedText {
  const { body } = reply
  const label = byteOrderMark(body) ?? charsetOf(reply.headers) ?? 'utf-8'
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
