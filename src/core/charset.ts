/** Which charset a body is in: by its byte-order mark, otherwise by its content type (WHATWG Encoding, §6.1). */
import { getHeader } from './headers.ts'
import type { HeaderList } from './headers.ts'

const CHARSET = /;\s*charset\s*=\s*"?([^\s";,]{1,40})/i

/** The label in the content type; undefined if it has none. */
export const charsetOf = (headers: HeaderList): string | undefined =>
  CHARSET.exec(getHeader(headers, 'content-type') ?? '')?.[1]

export function byteOrderMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  return undefined
}

/** A decoder that throws at bytes outside of the charset; undefined if the label is unknown. */
export function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label, { fatal: true })
  } catch {
    return undefined
  }
}

/** RFC 6839 §3.1 names the second half `+json`. */
export const JSON_TYPE = /^\s*[\w.+-]+\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i
export const TEXT_TYPE = /^\s*(?:text\/|application\/(?:[\w.+-]*\+)?(?:xml|javascript|yaml)\b)/i

/** Whether the content type is a text type. */
export function isTextType(headers: HeaderList): boolean {
  const type = getHeader(headers, 'content-type') ?? ''
  return JSON_TYPE.test(type) || TEXT_TYPE.test(type)
}
