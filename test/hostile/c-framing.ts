/** Section C of the catalogue: how a body ends, and where it should have ended. */
import { EVERYWHERE } from '../support/hostile/scenario.ts'
import type { Scenario, Way } from '../support/hostile/scenario.ts'
import { CHUNKED, OK, expects, fin, forever, reply, rst, send, wait } from '../support/hostile/steps.ts'

export const url = import.meta.url
/** Too large to be cut into slices. */
const WHOLE: readonly Way[] = ['plain', 'tls', 'connect']
const CLOSE = 'Connection: close\r\n'
const BUSY = 'HTTP/1.1 503 Service Unavailable\r\n'
/** Once a consumer has a piece, the request is not retried. */
const BEGUN = { slow: { retry: 'N' } } as const

const malformed = (row: number, outcome: string) =>
  function scenario(name: string, bytes: string): Scenario {
    return { row, name, plays: [[send(bytes), ...fin]], outcome, retry: 'N', socket: 'X' }
  }
const length = malformed(37, 'protocol/content_length')
const letters = malformed(38, 'protocol/content_length')
const chunk = malformed(40, 'protocol/chunk')
const coding = malformed(42, 'protocol/transfer_encoding')

const ROWS: readonly Scenario[] = [
  {
    row: 33,
    name: 'Content-Length: 100, then 3 bytes and a close',
    over: BEGUN,
    plays: [[send(`${OK}Content-Length: 100\r\n\r\nabc`), ...fin]],
    outcome: 'truncated/length',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 34,
    name: 'Content-Length: 100, then 3 bytes and a reset',
    // A proxy turns a reset into an ordinary close.
    over: { ...BEGUN, connect: { outcome: 'truncated/length' } },
    plays: [[send(`${OK}Content-Length: 100\r\n\r\nabc`), ...rst]],
    outcome: 'truncated/reset',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 34,
    name: 'a 503 with Content-Length: 100, then 3 bytes and a reset',
    plays: [[send(`${BUSY}Content-Length: 100\r\n\r\nabc`), ...rst]],
    outcome: 'http/503',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 35,
    name: 'bytes beyond the Content-Length, in the same packet',
    // While a consumer is busy, the bytes after its body are not read.
    into: ['buffered', 'file'],
    plays: [[send(`${OK}Content-Length: 2\r\n\r\nokMORE`)]],
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => [outcome.value, outcome.warnings.length],
    sees: ['ok', 1],
  },
  {
    row: 36,
    name: 'two responses in one packet',
    plays: [[send(`${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 6\r\n\r\npoison`)]],
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => outcome.value,
    sees: 'ok',
  },
  {
    row: 36,
    name: 'a second response while the connection is idle',
    plays: [[reply(), wait(20), send(`${OK}Content-Length: 6\r\n\r\npoison`)]],
    restMs: 60,
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => outcome.value,
    sees: 'ok',
  },
  length('the same Content-Length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`),
  length('two different Content-Length headers', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`),
  length('a Content-Length that is a list', `${OK}Content-Length: 2, 2\r\n\r\nok`),
  length('a Content-Length of 2^64', `${OK}Content-Length: 18446744073709551616\r\n\r\nok`),
  length(
    'Content-Length and chunks',
    `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  letters('a negative Content-Length', `${OK}Content-Length: -2\r\n\r\nok`),
  letters('a Content-Length of letters', `${OK}Content-Length: abc\r\n\r\nok`),
  {
    row: 39,
    name: 'a close between two chunks',
    over: BEGUN,
    plays: [[send(`${CHUNKED}2\r\nok\r\n`), ...fin]],
    outcome: 'truncated/chunked',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 39,
    name: 'a close within a chunk',
    over: BEGUN,
    plays: [[send(`${CHUNKED}9\r\nok`), ...fin]],
    outcome: 'truncated/chunked',
    retry: 'I',
    socket: 'X',
  },
  chunk('a chunk size of ZZ', `${CHUNKED}ZZ\r\nok\r\n0\r\n\r\n`),
  chunk('a chunk size of 2^72', `${CHUNKED}1000000000000000000\r\nok`),
  chunk('a chunk size of -5', `${CHUNKED}-5\r\nok`),
  {
    row: 41,
    name: 'a chunk extension of 100 kB',
    ways: WHOLE,
    plays: [[send(`${CHUNKED}2;${'x'.repeat(100_000)}\r\nok\r\n0\r\n\r\n`)]],
    outcome: 'too_large/wire',
    retry: 'N',
    socket: 'X',
  },
  {
    row: 41,
    name: 'a chunk extension without end',
    ways: WHOLE,
    plays: [[send(`${CHUNKED}2;`), forever(send('x'.repeat(10_000)))]],
    outcome: 'too_large/wire',
    retry: 'N',
    socket: 'X',
  },
  coding(
    'Transfer-Encoding: chunked, identity',
    `${OK}Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  coding('Transfer-Encoding: gzip, chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  {
    row: 43,
    name: 'neither Content-Length nor chunks, then a close',
    plays: [[send(`${OK}\r\nok`), ...fin]],
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => outcome.response?.integrity,
    sees: 'unverified',
  },
  {
    row: 43,
    name: 'neither Content-Length nor chunks, then a close, with strictIntegrity',
    plays: [[send(`${OK}\r\nok`), ...fin]],
    options: { strictIntegrity: true },
    outcome: 'truncated/unverified',
    // A retry would get the same answer.
    retry: 'N',
    socket: 'X',
  },
  {
    row: 43,
    name: 'neither Content-Length nor chunks, then a reset',
    over: BEGUN,
    // Through a proxy it becomes an ordinary close, like in the row above.
    ways: ['plain', 'sliced', 'tls'],
    plays: [[send(`${OK}\r\nok`), ...rst]],
    outcome: 'truncated/reset',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 44,
    name: '204 with a body',
    plays: [[send('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello')]],
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => outcome.value,
    sees: '',
  },
  {
    row: 44,
    name: '304 with a body',
    plays: [[send('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello')]],
    outcome: 'http/304',
    retry: 'N',
    socket: 'X',
  },
  {
    row: 44,
    name: 'a response to HEAD with a body',
    plays: [[send(`${OK}Content-Length: 5\r\n\r\nhello`)]],
    spec: { method: 'HEAD' },
    outcome: 'ok',
    retry: '–',
    socket: 'X',
    look: ({ outcome }) => outcome.value,
    sees: '',
  },
  {
    row: 45,
    name: 'a body that stalls',
    over: BEGUN,
    plays: [[send(`${OK}Content-Length: 9\r\n\r\nabc`), 'hold']],
    spec: { timeouts: { idle: '200ms' } },
    outcome: 'timeout/body',
    retry: 'I',
    socket: 'X',
    withinMs: [199, 300],
  },
  {
    row: 46,
    name: 'a body that drips, a byte at a time',
    over: BEGUN,
    plays: [[send(`${OK}\r\n`), forever(send('x'), wait(60))]],
    options: { minSpeed: { bytes: 256, over: '400ms' } },
    outcome: 'timeout/low_speed',
    retry: 'I',
    socket: 'X',
    // The time of the consumer does not count.
    withinMs: [399, 900],
  },
  {
    row: 47,
    name: 'a body without end',
    ways: WHOLE,
    plays: [[send(`${OK}\r\n`), forever(send('x'.repeat(10_000)))]],
    spec: { maxResponseBytes: '256KiB' },
    outcome: 'too_large/body',
    retry: 'N',
    socket: 'X',
  },
  {
    row: 47,
    name: 'chunks without end',
    ways: WHOLE,
    plays: [[send(CHUNKED), forever(send(`4000\r\n${'x'.repeat(16_384)}\r\n`))]],
    spec: { maxResponseBytes: '256KiB' },
    outcome: 'too_large/body',
    retry: 'N',
    socket: 'X',
  },
  {
    row: 47,
    name: 'a 503 with a body without end',
    ways: WHOLE,
    plays: [[send(`${BUSY}\r\n`), forever(send('x'.repeat(10_000)))]],
    spec: { maxResponseBytes: '256KiB' },
    outcome: 'http/503',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 48,
    name: '413 and a close before the upload of 8 MB is read',
    ways: ['plain', 'tls'],
    plays: [[reply('too big', CLOSE, '413 Payload Too Large'), 'fin', wait(50)]],
    early: true,
    spec: { method: 'PUT', body: new Uint8Array(8_388_608) },
    outcome: 'http/413',
    retry: 'N',
    socket: 'X',
    withinMs: [0, 100],
    look: ({ outcome }) => outcome.error?.response?.text(),
    sees: 'too big',
  },
  {
    row: 49,
    name: 'a reset during the upload',
    ways: WHOLE,
    plays: [[expects(10_000), 'stop reading', wait(20), 'rst']],
    early: true,
    spec: { method: 'PUT', body: new Uint8Array(16_777_216) },
    outcome: 'reset/request_body',
    post: 'in_doubt/reset',
    retry: 'I',
    socket: 'X',
  },
]

export const FRAMING: readonly Scenario[] = ROWS.map(row => ({ into: EVERYWHERE, ...row }))
