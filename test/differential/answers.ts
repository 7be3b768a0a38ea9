/**
 * Answers of servers as bytes: complete, truncated and invalid ones. Data only, so that several tests can replay them:
 * our verdict against curl's, and against our own under every cut into TCP segments.
 */
import { gzipSync } from 'node:zlib'
import { bytesOf } from './answer.ts'
import type { Answer, Row } from './answer.ts'
import { CODED } from './coded-answers.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const GZIP = gzipSync('packed')

const ROWS: readonly Row[] = [
  // complete
  ['a length', `${OK}Content-Length: 2\r\n\r\nok`, 'hold', 'ok', 0],
  ['chunks', `${CHUNKED}2\r\nok\r\n3\r\nay!\r\n0\r\n\r\n`, 'hold', 'ok', 0],
  ['chunks with extensions and trailers', `${CHUNKED}2;a=b\r\nok\r\n0\r\nX-T: a\r\n\r\n`, 'hold', 'ok', 0],
  ['an end that is the end of the connection', `${OK}\r\nok`, 'fin', 'ok', 0],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nok', 'fin', 'ok', 0],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 'hold', 'ok', 0],
  ['an empty body', `${OK}Content-Length: 0\r\n\r\n`, 'hold', 'ok', 0],
  ['103, then 200', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'hold', 'ok', 0],
  ['an unsolicited 100, then 200', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'hold', 'ok', 0],
  ['404 with a body', 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno', 'hold', 'http/404', 0],
  ['a Latin-1 byte in a header', `${OK}X-Name: caf\xe9\r\nContent-Length: 2\r\n\r\nok`, 'hold', 'ok', 0],
  ['500 headers', `${OK}${'X-A: b\r\n'.repeat(500)}Content-Length: 2\r\n\r\nok`, 'hold', 'ok', 0],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'hold', 'ok', 0],
  ['bytes after the end', `${OK}Content-Length: 2\r\n\r\nokMORE`, 'fin', 'ok', 0],
  ['status 999', 'HTTP/1.1 999 Mine\r\nContent-Length: 2\r\n\r\nno', 'hold', 'http/999', 0],
  // truncated
  ['nothing', '', 'fin', 'reset/before_headers', 52],
  ['a reset', '', 'rst', 'reset/before_headers', 56],
  ['half a status line', 'HTTP/1.1 20', 'fin', 'reset/mid_headers', 52],
  [
    'half a head, then the end',
    `${OK}Content-Le`,
    'fin',
    'reset/mid_headers',
    0,
    'curl treats the end of the connection as the end of the head; an incomplete head may have lost its framing',
  ],
  ['half a head, then a reset', `${OK}Content-Le`, 'rst', 'reset/mid_headers', 56],
  ['a length that the end cuts', `${OK}Content-Length: 100\r\n\r\nabc`, 'fin', 'truncated/length', 18],
  ['a length that a reset cuts', `${OK}Content-Length: 100\r\n\r\nabc`, 'rst', 'truncated/reset', 56],
  ['chunks cut between two', `${CHUNKED}2\r\nok\r\n`, 'fin', 'truncated/chunked', 18],
  ['chunks cut within one', `${CHUNKED}9\r\nok`, 'fin', 'truncated/chunked', 18],
  ['chunks cut within their last line', `${CHUNKED}2\r\nok\r\n0\r\n`, 'fin', 'truncated/chunked', 18],
  ['chunks that a reset cuts', `${CHUNKED}2\r\nok\r\n`, 'rst', 'truncated/reset', 56],
  ['no framing and a reset', `${OK}\r\nok`, 'rst', 'truncated/reset', 56],
  // slow
  ['no answer', '', 'hold', 'timeout/headers', 28],
  ['half a head and silence', `${OK}Content-Le`, 'hold', 'timeout/headers', 28],
  ['half a body and silence', `${OK}Content-Length: 9\r\n\r\nok`, 'hold', 'timeout/body', 28],
  // lengths
  [
    'the same length twice',
    `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    'hold',
    'protocol/content_length',
    0,
    'RFC 9110 §8.6 allows both; a server that sends it twice may send different values to the next client',
  ],
  [
    'two lengths that differ',
    `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    'fin',
    'protocol/content_length',
    18,
    'curl uses the last one; there is no way to know which one is right',
  ],
  [
    'a list of lengths',
    `${OK}Content-Length: 2, 2\r\n\r\nok`,
    'fin',
    'protocol/content_length',
    0,
    'as for a repeated length',
  ],
  [
    'a length of 2^64',
    `${OK}Content-Length: 18446744073709551616\r\n\r\nok`,
    'fin',
    'protocol/content_length',
    63,
    'curl reports a large file; here the value is not a valid length',
  ],
  ['a negative length', `${OK}Content-Length: -2\r\n\r\nok`, 'fin', 'protocol/content_length', 8],
  ['a length of letters', `${OK}Content-Length: abc\r\n\r\nok`, 'fin', 'protocol/content_length', 8],
  [
    'a length and chunks',
    `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'fin',
    'protocol/content_length',
    0,
    'RFC 9112 §6.3 rule 3 calls it a possible smuggling attempt; curl uses the chunks',
  ],
  // chunks
  ['a chunk size of ZZ', `${CHUNKED}ZZ\r\nok\r\n0\r\n\r\n`, 'fin', 'protocol/chunk', 56],
  ['a chunk size of 2^72', `${CHUNKED}1000000000000000000\r\nok`, 'fin', 'protocol/chunk', 56],
  ['a chunk size of -5', `${CHUNKED}-5\r\nok`, 'fin', 'protocol/chunk', 56],
  ['a chunk without its end', `${CHUNKED}2\r\nokXX0\r\n\r\n`, 'fin', 'protocol/chunk', 56],
  [
    'the coding `chunked, identity`',
    `${OK}Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'fin',
    'protocol/transfer_encoding',
    0,
    'not a coding of RFC 9112 §7; curl ignores the second name',
  ],
  [
    'the coding `gzip, chunked`',
    bytesOf(`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n${GZIP.byteLength.toString(16)}\r\n`, GZIP, '\r\n0\r\n\r\n'),
    'fin',
    'protocol/transfer_encoding',
    0,
    'it is never offered in TE (RFC 9112 §7.4), so a server must not send it; curl decodes it',
  ],
  [
    'a no-break space before `chunked`',
    `${OK}Transfer-Encoding: \xa0chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'fin',
    'protocol/transfer_encoding',
    61,
  ],
  ['a tab behind `chunked`', `${OK}Transfer-Encoding: chunked\t\r\n\r\n2\r\nok\r\n0\r\n\r\n`, 'fin', 'ok', 0],
  ['an unknown transfer coding', `${OK}Transfer-Encoding: zipped\r\n\r\nok`, 'fin', 'protocol/transfer_encoding', 61],
  // heads
  ['a greeting of SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'fin', 'protocol/not_http', 1],
  ['binary junk', Uint8Array.from({ length: 64 }, (_, n) => (n * 37 + 131) % 256), 'fin', 'protocol/not_http', 1],
  ['HTTP/0.9', '<html>ok</html>', 'fin', 'protocol/version', 1],
  ['HTTP/3.7', 'HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok', 'fin', 'protocol/version', 1],
  ['status 099', 'HTTP/1.1 099 No\r\nContent-Length: 2\r\n\r\nok', 'fin', 'protocol/status', 1],
  ['status 1000', 'HTTP/1.1 1000 No\r\nContent-Length: 2\r\n\r\nok', 'fin', 'protocol/status', 1],
  [
    'an unsolicited 101',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'fin',
    'protocol/upgrade',
    52,
    'curl upgrades and then finds no response; the client did not ask for an upgrade',
  ],
  [
    'a header that continues on the next line',
    `${OK}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`,
    'hold',
    'protocol/malformed_head',
    0,
    'a sender must not generate it (RFC 9112 §5.2); curl joins the lines',
  ],
  [
    'a blank before the colon',
    `${OK}X-A : b\r\nContent-Length: 2\r\n\r\nok`,
    'hold',
    'protocol/malformed_head',
    0,
    'RFC 9112 §5.1: proxies read such a name differently, which enables request smuggling',
  ],
  ['a NUL in a header', `${OK}X-A: b\0c\r\nContent-Length: 2\r\n\r\nok`, 'hold', 'protocol/malformed_head', 8],
  [
    'lines that end in LF only',
    'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
    'hold',
    'protocol/malformed_head',
    0,
    'RFC 9112 §2.2 allows both; the HTTP parser is strict',
  ],
  [
    'a head of 400 kB',
    `${OK}X-A: ${'a'.repeat(400_000)}\r\nContent-Length: 2\r\n\r\nok`,
    'hold',
    'too_large/headers',
    27,
  ],
  // redirects
  [
    'a redirect to itself',
    'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
    'hold',
    'redirect/loop',
    47,
  ],
  ['a redirect to nowhere', 'HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nno', 'hold', 'http/302', 0],
  [
    'a redirect to an invalid URL',
    'HTTP/1.1 302 Found\r\nLocation: http://[x/\r\nContent-Length: 0\r\n\r\n',
    'hold',
    'redirect/invalid',
    3,
  ],
  [
    'a redirect to a file',
    'HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n',
    'hold',
    'redirect/scheme',
    1,
  ],
  [
    'two different Location headers',
    'HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n',
    'hold',
    'protocol/location',
    47,
    'curl follows the first one; there is no way to know which one is right',
  ],
  // endless
  [
    '1xx without end',
    'HTTP/1.1 102 Processing\r\n\r\n'.repeat(400),
    'hold',
    'protocol/too_many_1xx',
    28,
    'curl waits until its time limit; here a hundred of them are enough',
  ],
  [
    'a body larger than maxResponseBytes',
    `${OK}Content-Length: 200000\r\n\r\n${'a'.repeat(200_000)}`,
    'hold',
    'too_large/body',
    63,
  ],
]

export const ANSWERS: readonly Answer[] = [...ROWS, ...CODED].map(([what, bytes, end, ours, curl, because]) => ({
  what,
  bytes: bytesOf(bytes),
  end,
  ours,
  curl,
  ...(because !== undefined && { because }),
}))
