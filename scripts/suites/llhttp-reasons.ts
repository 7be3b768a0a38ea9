/** Where our result differs from llhttp's strict mode, and why. */
import type { Difference, Reason } from './trial.ts'

const starts =
  (...beginnings: readonly string[]): Reason['applies'] =>
  ({ input }: Difference) =>
    beginnings.some(beginning => input.startsWith(beginning))

export const LLHTTP_REASONS: readonly Reason[] = [
  {
    rule: 'unasked 101',
    because: 'we never ask for another protocol, so a switch to one is no answer (RFC 9110 §15.2.2)',
    applies: starts('HTTP/1.1 101 '),
  },
  {
    rule: 'RTSP and ICE',
    because: 'llhttp reads their status lines as well; what we asked for is HTTP',
    applies: starts('RTSP/', 'ICE/'),
  },
  {
    rule: 'HTTP/0.9',
    because: 'it has no head, so a server that claims it in a head is broken; HTTP/1.0 is the oldest that is read',
    applies: starts('HTTP/0.9 '),
  },
  {
    rule: 'transfer coding that is not plain chunked',
    because:
      'we offer none in TE (RFC 9112 §7.4); llhttp hands the coded bytes out as a body up to the end of the connection',
    applies: ({ input, ours }) => /^Transfer-Encoding:/im.test(input) && ours.includes('protocol/transfer_encoding'),
  },
  {
    rule: 'unasked 100',
    because: 'RFC 9110 §15.2 has it parsed; undici refuses a 100 that was not asked for',
    isOwed: true,
    applies: ({ ours }) => ours.includes('protocol/unexpected_100'),
  },
  {
    rule: 'tab around a length',
    because: 'a tab is white space (RFC 9110 §5.6.3); the parser in undici takes only blanks there',
    isOwed: true,
    applies: ({ input, ours }) =>
      /^Content-Length:[ \t]*\d+[ \t]/im.test(input) && ours.includes('protocol/malformed_head'),
  },
  {
    rule: 'CR CR in the status line',
    because:
      'RFC 9112 §2.2 forbids a bare CR; the parser in undici takes it, and the field behind it for a part of the line',
    isOwed: true,
    applies: starts('HTTP/1.1 200 OK\r\r'),
  },
]
