/** Where our result differs from llhttp's strict mode, and why. */
import type { Difference, Reason } from './trial.ts'

const starts =
  (...beginnings: readonly string[]): Reason['applies'] =>
  ({ input }: Difference) =>
    beginnings.some(beginning => input.startsWith(beginning))

export const LLHTTP_REASONS: readonly Reason[] = [
  {
    rule: 'unsolicited 101',
    because: 'we never ask for another protocol, so a switch to one is not a response (RFC 9110 §15.2.2)',
    applies: starts('HTTP/1.1 101 '),
  },
  {
    rule: 'RTSP and ICE',
    because: 'llhttp reads their status lines as well; we asked for HTTP',
    applies: starts('RTSP/', 'ICE/'),
  },
  {
    rule: 'HTTP/0.9',
    because:
      'it has no head, so a server that names it in a head is broken; HTTP/1.0 is the oldest version that we read',
    applies: starts('HTTP/0.9 '),
  },
  {
    rule: 'transfer coding that is not plain chunked',
    because:
      'we offer none in TE (RFC 9112 §7.4); llhttp passes on the coded bytes up to the end of the connection as the body',
    applies: ({ input, ours }) => /^Transfer-Encoding:/im.test(input) && ours.includes('protocol/transfer_encoding'),
  },
  {
    rule: 'empty line before a status line',
    because: 'RFC 9112 §2.2 has servers skip it; before a response it is a byte that was not asked for',
    applies: ({ input, ours }) => /(?:^|\r\n\r\n)\r\nHTTP\//.test(input) && ours.includes('protocol/not_http'),
  },
  {
    rule: 'blank behind a chunk size',
    because: 'servers pad sizes with blanks, and RFC 9112 §7.1.1 has them before extensions',
    applies: ({ input, ours }) => /^[0-9a-f]+ +\r$/im.test(input) && ours.startsWith('whole'),
  },
  {
    rule: 'grammar of chunk extensions',
    because: 'RFC 9112 §7.1.1 has unknown ones ignored: we check their characters only',
    applies: ({ input, ours }) => /^[0-9a-f]+;/im.test(input) && !ours.includes('refused'),
  },
]
