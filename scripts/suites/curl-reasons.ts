/** Where our result differs from curl's, and why. */
import type { Reason } from './trial.ts'

export const CURL_REASONS: readonly Reason[] = [
  {
    rule: 'lines of a head that end in LF only',
    because: 'RFC 9112 §2.2 allows either; the same answer is played with CRLF as well',
    applies: ({ input, ours }) => ours === 'protocol/malformed_head' && hasBareLf(input),
  },
  {
    rule: 'fields that go on in the next line',
    because: 'RFC 9112 §5.2 has them refused or replaced; curl puts the lines together',
    applies: ({ input, ours }) => ours === 'protocol/malformed_head' && /\n[ \t]/.test(HEADS.exec(input)?.[0] ?? ''),
  },
  {
    rule: 'lines of chunks that end in LF only',
    because: 'RFC 9112 §7.1 has CRLF there, and readers that disagree about it are how answers are smuggled',
    applies: ({ input, ours }) => ours === 'protocol/chunk' && /^[\da-f]+(?:;[^\r\n]*)?\n/im.test(input),
  },
  {
    rule: 'length twice, or beside chunks',
    because: 'readers that disagree about the end of a body are how answers are smuggled (RFC 9112 §6.3)',
    applies: ({ input, ours }) =>
      ours === 'protocol/content_length' &&
      (linesOf(input, 'content-length').length > 1 || linesOf(input, 'transfer-encoding').length > 0),
  },
  {
    rule: 'length beyond 64 bits',
    because: 'no body is that long; curl takes it for no length',
    applies: ({ input, ours }) => ours === 'protocol/content_length' && /^content-length: *\d{19,}\r?$/im.test(input),
  },
  {
    rule: 'transfer coding that is not plain chunked',
    because: 'we offer none in TE (RFC 9112 §7.4), so nobody may send it; curl drops the name that is one too many',
    applies: ({ input, ours }) =>
      ours === 'protocol/transfer_encoding' && !/^[^:]*: *chunked$/i.test(linesOf(input, 'transfer-encoding').join()),
  },
  {
    rule: 'trailers',
    because: 'the suite has curl print the fields behind the last chunk; they are no part of the body',
    applies: ({ input, theirs, ours }) =>
      /^transfer-encoding: *chunked/im.test(input) && /^(?:[\w-]+: .*\r\n)+$/.test(behind(ours, theirs) ?? ''),
  },
  {
    rule: 'gzip of several members',
    because: 'RFC 1952 §2.2 allows it, and servers that join files send it; curl stops at the first',
    applies: ({ input, ours }) => ours === 'ok' && input.split('\x1f\x8b\x08').length > 2,
  },
  {
    rule: 'coding `none`',
    because:
      "no registered coding is called so, and what cannot be unpacked is refused; contentCoding 'lenient' takes it as it is",
    applies: ({ input, ours }) => ours === 'decode/unsupported' && /^content-encoding: *none\r?$/im.test(input),
  },
  {
    rule: 'two places in what is no redirect',
    because: 'where nothing is followed, it does not matter which of them is meant',
    applies: ({ input, ours }) =>
      ours === 'ok' && input.startsWith('HTTP/1.1 200 ') && linesOf(input, 'location').length > 1,
  },
]

/** The heads at the beginning: of interim responses, and of the final one. */
export const HEADS: RegExp = /^(?:HTTP\/[^]*?\n\r?\n)+/

/** Whether any head has a line that ends in LF only. */
export const hasBareLf = (answers: string): boolean =>
  answers.split('\0').some(bytes => /[^\r]\n/.test(HEADS.exec(bytes)?.[0] ?? ''))

const linesOf = (input: string, name: string): RegExpMatchArray | readonly string[] =>
  input.match(new RegExp(`^${name}:.*$`, 'gim')) ?? []

/** What the longer of two bodies has after the shorter one. */
function behind(ours: string, theirs: string): string | undefined {
  if (!ours.startsWith('body ') || !theirs.startsWith('body ')) return undefined
  const [short, long] = [JSON.parse(ours.slice(5)) as string, JSON.parse(theirs.slice(5)) as string]
  return long.startsWith(short) ? long.slice(short.length) : undefined
}
