/** Why our reader and Node's parser may differ about a response. A difference without a rule is a fault of one of them. */
import { isSameResponse } from '../h1-reader.ts'
import type { ReadResponse } from '../h1-reader.ts'

export interface Difference {
  /** The bytes as Latin-1. */
  readonly text: string
  /** Without the interim responses. */
  readonly final: string
  readonly ours: ReadResponse
  readonly node: ReadResponse
}

export interface Rule {
  readonly name: string
  readonly because: string
  readonly applies: (difference: Difference) => boolean
  /**
   * The same response without what the parsers differ about: we must read it as before, and Node's parser must read it as
   * we do, or differ by another rule.
   */
  readonly rewrite?: (difference: Difference) => string
}

const INTERIM = /^HTTP\/(?:1\.[01]|2\.0) 1(?!01)\d\d(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n/

/** The bytes from the first one of the response that is not interim. */
export function finalOf(text: string): string {
  const interim = INTERIM.exec(text)?.[0]
  return interim === undefined ? text : finalOf(text.slice(interim.length))
}

/** All heads, as far as they came. */
const headsOf = ({ text, final }: Difference): string =>
  text.slice(0, text.length - final.length) + (final.split('\r\n\r\n', 1)[0] ?? '') + '\r\n'

const codingOf = (head: string): string =>
  [...head.matchAll(/^transfer-encoding:[ \t]*(.*?)[ \t]*\r$/gim)].map(([, value]) => value).join()

const behindHead = ({ final }: Difference): string => final.slice(final.indexOf('\r\n\r\n') + 2)

const isHeadWhole = ({ final }: Difference): boolean => final.includes('\r\n\r\n')

const statusLine = ({ final }: Difference): string => final.split('\r\n', 1)[0] ?? ''

/** Whether the line is a status line with a control character behind its status. */
const hasControl = (line: string): boolean => /^HTTP\/\d\.\d \d{3} .*[^\t\x20-\x7e\x80-\xff]/s.test(line)

export const RULES: readonly Rule[] = [
  {
    name: 'empty line first',
    because: 'RFC 9112 §2.2 has servers skip it; before a response it is a byte that nobody asked for',
    applies: ({ final, ours }) => ours.why === 'protocol/not_http' && /^[\r\n]/.test(final),
  },
  {
    name: 'empty line behind',
    because: 'llhttp skips it as the one before the next message; here it is surplus (RFC 9112 §9.2)',
    applies: ({ text, ours, node }) =>
      ours.verdict === 'whole' &&
      isSameResponse(ours, node) &&
      ours.isSurplus &&
      !node.isSurplus &&
      /[\r\n]$/.test(text),
  },
  {
    name: 'RTSP and ICE',
    because: 'llhttp reads their status lines as well; what we asked for is HTTP (RFC 9112 §2.3)',
    applies: ({ final, ours }) =>
      ours.why === 'protocol/not_http' && /^(?:RTSP\/|ICE\/|R(?:T(?:SP?)?)?$|I(?:CE?)?$)/.test(final),
  },
  {
    name: 'HTTP/0.9',
    because: 'it has no head (RFC 9112 §2.3), so half an answer would look whole',
    applies: ({ final, ours }) => ours.why === 'protocol/version' && final.startsWith('HTTP/0.9 '),
  },
  {
    name: 'status below 100',
    because: 'RFC 9110 §15 has none; llhttp takes it for an interim response',
    applies: ({ final, ours }) => ours.why === 'protocol/status' && /^HTTP\/\d\.\d 0\d\d/.test(final),
  },
  {
    name: 'control character in a reason',
    because: 'RFC 9112 §4 has a reason phrase of tabs, spaces, visible characters and obs-text',
    applies: difference =>
      difference.ours.why === 'protocol/malformed_head' && headsOf(difference).split('\r\n').some(hasControl),
  },
  {
    name: 'transfer coding in HTTP/1.0',
    because: 'RFC 9112 §6.1 has the framing of such a message treated as faulty',
    applies: difference =>
      difference.ours.why === 'protocol/transfer_encoding' &&
      /^HTTP\/1\.0 /m.test(headsOf(difference)) &&
      codingOf(headsOf(difference)) !== '',
  },
  {
    name: 'transfer coding that is not chunked',
    because: 'we offer none in TE (RFC 9112 §7.4); llhttp hands the coded bytes out up to the end of the connection',
    applies: difference =>
      difference.ours.why === 'protocol/transfer_encoding' && !/^chunked$/i.test(codingOf(headsOf(difference))),
  },
  {
    name: 'tab behind chunked',
    because: 'RFC 9110 §5.5: white space around a value is no part of it; llhttp takes the chunks for the body',
    applies: difference =>
      /^transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r$/im.test(headsOf(difference)) &&
      difference.node.verdict !== 'refused',
    rewrite: difference => {
      const { text } = difference
      const head = headsOf(difference)
      return head.replace(/^(transfer-encoding:[ \t]*chunked)[ \t]+\r$/gim, '$1\r') + text.slice(head.length)
    },
  },
  {
    name: 'length of more than 15 digits',
    because: 'RFC 9110 §8.6 warns of overflows; no body is that long, and leading zeros are not needed',
    applies: difference =>
      difference.ours.why === 'protocol/content_length' &&
      /^content-length:[ \t]*\d{16,}[ \t]*\r$/im.test(headsOf(difference)),
  },
  {
    name: 'chunk size of more than 13 digits',
    because: 'RFC 9112 §7.1 warns of overflows, and leading zeros are not needed',
    applies: difference => difference.ours.why === 'protocol/chunk' && /^[0-9a-f]{14,}/im.test(behindHead(difference)),
  },
  {
    name: 'chunk extension',
    because: 'RFC 9112 §7.1.1 has unknown ones ignored: we check their characters, llhttp also their grammar',
    applies: difference =>
      difference.ours.verdict !== 'refused' &&
      /^HPE_(?:STRICT|INVALID_CHUNK_SIZE)$/.test(difference.node.why) &&
      /^[0-9a-f]+[ \t]*;/im.test(behindHead(difference)),
  },
  {
    name: 'blank behind a chunk size',
    because: 'servers pad sizes with them, and RFC 9112 §7.1.1 has them before extensions',
    applies: difference =>
      difference.ours.verdict !== 'refused' &&
      difference.node.why === 'HPE_INVALID_CHUNK_SIZE' &&
      /^[0-9a-f]+[ \t]/im.test(behindHead(difference)),
  },
  {
    name: 'framing in trailers',
    because: 'RFC 9110 §6.5.1: they come too late to frame anything; llhttp reads them as fields of the head',
    applies: difference =>
      difference.ours.verdict !== 'refused' &&
      /^HPE_(?:INVALID_CONTENT_LENGTH|UNEXPECTED_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING)$/.test(
        difference.node.why,
      ) &&
      /^0+(?:[ \t;].*)?\r\n(?:.*\r\n)*(?:content-length|transfer-encoding)/im.test(behindHead(difference)),
  },
  {
    name: 'interim response that says close',
    because: 'a final response must follow (RFC 9110 §15.2), so it is read; llhttp refuses everything behind',
    applies: ({ text, final, ours, node }) =>
      ours.verdict !== 'refused' && node.why === 'HPE_CLOSED_CONNECTION' && final.length < text.length,
  },
  {
    name: 'framing in an interim response',
    because: 'it has no content, whatever its fields say (RFC 9112 §6.3); llhttp reads some',
    applies: ({ text, final }) =>
      /^(?:content-length|transfer-encoding):/im.test(text.slice(0, text.length - final.length)) ||
      /^HTTP\/\d\.\d 1\d\d(?: .*)?\r\n(?:.+\r\n)*?(?:content-length|transfer-encoding):/i.test(final),
  },
  {
    name: 'refused before the line is complete',
    because: 'we judge a status line, and the framing of a head, once it has come; the connection ends either way',
    applies: difference =>
      difference.ours.verdict === 'cut' &&
      difference.node.verdict === 'refused' &&
      !isHeadWhole(difference) &&
      statusLine(difference).startsWith('HTTP/'.slice(0, statusLine(difference).length)),
  },
]
