/** Where our result differs from curl's, and why. */
import type { Reason } from './trial.ts'

export const CURL_REASONS: readonly Reason[] = [
  {
    rule: 'lines of a head that end in LF only',
    because: 'RFC 9112 §2.2 allows us to accept or to refuse them; the same answer is played with CRLF as well',
    applies: ({ input, ours }) => ours === 'protocol/malformed_head' && hasBareLf(input),
  },
  {
    rule: 'fields that continue on the next line',
    because: 'RFC 9112 §5.2 requires to refuse or replace them; curl joins the lines',
    applies: ({ input, ours }) => ours === 'protocol/malformed_head' && /\n[ \t]/.test(HEADS.exec(input)?.[0] ?? ''),
  },
  {
    rule: 'lines of chunks that end in LF only',
    because: 'RFC 9112 §7.1 requires CRLF there; readers that disagree about it allow responses to be smuggled',
    applies: ({ input, ours }) => ours === 'protocol/chunk' && /^[\da-f]+(?:;[^\r\n]*)?\n/im.test(input),
  },
  {
    rule: 'length twice, or beside chunks',
    because: 'readers that disagree about the end of a body allow responses to be smuggled (RFC 9112 §6.3)',
    applies: ({ input, ours }) =>
      ours === 'protocol/content_length' &&
      (linesOf(input, 'content-length').length > 1 || linesOf(input, 'transfer-encoding').length > 0),
  },
  {
    rule: 'length beyond 64 bits',
    because: 'no body is that long; curl ignores such a length',
    applies: ({ input, ours }) => ours === 'protocol/content_length' && /^content-length: *\d{19,}\r?$/im.test(input),
  },
  {
    rule: 'transfer coding that is not plain chunked',
    because: 'we offer no coding in TE (RFC 9112 §7.4), so a server must not send one; curl ignores the second name',
    applies: ({ input, ours }) =>
      ours === 'protocol/transfer_encoding' && !/^[^:]*: *chunked$/i.test(linesOf(input, 'transfer-encoding').join()),
  },
  {
    rule: 'trailers',
    because: 'the suite makes curl print the fields after the last chunk; they are not part of the body',
    applies: ({ input, theirs, ours }) =>
      /^transfer-encoding: *chunked/im.test(input) && /^(?:[\w-]+: .*\r\n)+$/.test(behind(ours, theirs) ?? ''),
  },
  {
    rule: 'gzip of several members',
    because: 'RFC 1952 §2.2 allows it, and servers that join files send it; curl stops after the first member',
    applies: ({ input, ours }) => ours === 'ok' && input.split('\x1f\x8b\x08').length > 2,
  },
  {
    rule: 'coding `none`',
    because:
      "no registered coding has this name, and a body that cannot be decoded is refused; contentCoding 'lenient' accepts it as received",
    applies: ({ input, ours }) => ours === 'decode/unsupported' && /^content-encoding: *none\r?$/im.test(input),
  },
  {
    rule: 'two Location headers without a redirect',
    because: 'if no redirect is followed, it does not matter which of them is right',
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
