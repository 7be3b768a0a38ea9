/** Section B of the catalogue: heads that are missing, strange or too much. */
import type { Scenario, Seen } from '../support/hostile/scenario.ts'
import { OK, expects, fin, forever, reply, rst, send, wait } from '../support/hostile/steps.ts'
import type { Steps } from '../support/hostile/steps.ts'

export const url = import.meta.url

const REST = 'Content-Length: 2\r\n\r\nok'
const INTERIM = 'HTTP/1.1 102 Processing\r\n\r\n'
const SOON = { timeouts: { headers: '250ms' } }

/** A connection that ends while the client waits for the head. */
const cut = (row: number, name: string, steps: Steps, outcome: string): Scenario => ({
  row,
  name,
  plays: [steps],
  outcome,
  // No head came, so the server may have carried a POST out.
  post: 'in_doubt/reset',
  retry: 'I',
  socket: 'X',
})

/** A head that must not be believed, or is too large. */
const refused = (row: number, name: string, outcome: string, ...steps: Steps): Scenario => ({
  row,
  name,
  plays: [steps],
  outcome,
  retry: 'N',
  socket: 'X',
})

const slow = (row: number, name: string, ...steps: Steps): Scenario => ({
  row,
  name,
  plays: [steps],
  spec: SOON,
  outcome: 'timeout/headers',
  post: 'in_doubt/timeout',
  retry: 'I',
  socket: 'X',
  withinMs: [249, 350],
})

const fine = (row: number, name: string, ...steps: Steps): Scenario => ({
  row,
  name,
  plays: [steps],
  outcome: 'ok',
  retry: '–',
  socket: 'K',
  look: ({ outcome }) => outcome.value,
  sees: 'ok',
})

const BODY = 'the whole body'
const EXPECTANT = { method: 'PUT', body: BODY, headers: { expect: '100-continue' } } as const
const bodyCame = ({ hosts }: Seen): boolean => hosts.host.connections.some(({ text }) => text.includes(BODY))

const numbered = (count: number): string => Array.from({ length: count }, (_, i) => `X${i}: a\r\n`).join('')
const drip = (text: string): Steps => text.split('').flatMap(byte => [send(byte), wait(100)])

export const HEAD: readonly Scenario[] = [
  cut(14, 'a reset before the head', rst, 'reset/before_headers'),
  cut(15, 'a close before the head', fin, 'reset/before_headers'),
  {
    row: 16,
    name: 'the server closes an idle connection just as it is used again',
    plays: [['fin'], [reply()]],
    primed: true,
    requests: 1,
    outcome: 'ok',
    post: 'in_doubt/reset',
    retry: 'I',
    socket: 'K',
    options: { maxRetries: 0 },
    look: ({ outcome }) => outcome.attempts,
    sees: 2,
  },
  cut(17, 'a reset within the status line', [send('HTTP/1.1 20'), ...rst], 'reset/mid_headers'),
  cut(17, 'a close within the status line', [send('HTTP/1.1 20'), ...fin], 'reset/mid_headers'),
  cut(17, 'a reset within the headers', [send(`${OK}Content-Length: 2\r\nX-A:`), ...rst], 'reset/mid_headers'),
  cut(17, 'a close within the headers', [send(`${OK}Content-Length: 2\r\nX-A:`), ...fin], 'reset/mid_headers'),
  slow(18, 'a head that never comes', 'hold'),
  slow(19, 'a head that comes byte by byte', ...drip(OK + REST)),
  slow(20, '102 without end, one every 50 ms', forever(send(INTERIM), wait(50))),
  refused(20, '102 without end, as fast as possible', 'protocol/too_many_1xx', forever(send(INTERIM), wait(1))),
  refused(21, '5000 times 102 in one packet', 'protocol/too_many_1xx', send(INTERIM.repeat(5_000) + OK + REST)),
  fine(21, '100 times 102', send(INTERIM.repeat(100) + OK + REST)),
  fine(22, 'an unsolicited 100', send(`HTTP/1.1 100 Continue\r\n\r\n${OK}${REST}`)),
  fine(23, '103 before the response', send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}${REST}`)),
  refused(
    24,
    'an unsolicited 101',
    'protocol/upgrade',
    send('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    'hold',
  ),
  {
    ...fine(
      25,
      'Expect: 100-continue, answered with 100',
      send('HTTP/1.1 100 Continue\r\n\r\n'),
      expects(BODY),
      reply(),
    ),
    early: true,
    spec: EXPECTANT,
  },
  {
    ...fine(25, 'Expect: 100-continue, not answered: the body is sent after a second', expects(BODY), reply()),
    early: true,
    spec: EXPECTANT,
    withinMs: [990, 1_500],
  },
  {
    ...refused(25, 'Expect: 100-continue, answered with 417', 'ok', reply('', '', '417 Expectation Failed')),
    plays: [[reply('', '', '417 Expectation Failed')], [expects(BODY), reply()]],
    early: true,
    spec: EXPECTANT,
    options: { maxRetries: 1 },
    look: ({ outcome }) => outcome.attempts,
    sees: 2,
    retry: 'A',
    // The connection of the retry.
    socket: 'K',
  },
  {
    ...refused(25, 'Expect: 100-continue, answered with 413', 'http/413', reply('no', '', '413 Payload Too Large')),
    early: true,
    spec: EXPECTANT,
    look: bodyCame,
    sees: false,
  },
  refused(26, 'a head of 80 kB', 'too_large/headers', send(`${OK}X-Big: ${'a'.repeat(80_000)}\r\n${REST}`)),
  refused(26, 'headers without end', 'too_large/headers', send(OK), forever(send(`X-A: ${'b'.repeat(1_000)}\r\n`))),
  refused(
    26,
    'trailers of 80 kB',
    'too_large/headers',
    send(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${`X-T: ${'a'.repeat(1_000)}\r\n`.repeat(80)}\r\n`),
  ),
  fine(27, '1000 small headers', send(OK + numbered(999) + REST)),
  refused(27, '2001 small headers', 'too_large/headers', send(OK + numbered(2_000) + REST)),
  refused(28, 'a folded header', 'protocol/malformed_head', send(`${OK}X-A: a\r\n b\r\n${REST}`)),
  refused(28, 'a space before the colon', 'protocol/malformed_head', send(`${OK}X-A : a\r\n${REST}`)),
  refused(28, 'NUL in a header', 'protocol/malformed_head', send(`${OK}X-A: a\0b\r\n${REST}`)),
  refused(28, 'bare line feeds', 'protocol/malformed_head', send('HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok')),
  {
    ...fine(29, 'Latin-1 in a header', send(`${OK}X-A: caf\xe9\r\n${REST}`)),
    look: ({ outcome }) => outcome.response?.headers.get('x-a'),
    sees: 'caf\xe9',
  },
  refused(30, 'status 099', 'protocol/status', send(`HTTP/1.1 099 X\r\n${REST}`)),
  refused(30, 'status 1000', 'protocol/status', send(`HTTP/1.1 1000 X\r\n${REST}`)),
  { ...refused(30, 'status 999', 'http/999', send(`HTTP/1.1 999 X\r\n${REST}`)), socket: 'K' },
  refused(31, 'a document without a head (HTTP/0.9)', 'protocol/version', send('<html>hello</html>'), ...fin),
  refused(31, 'HTTP/3.7', 'protocol/version', send(`HTTP/3.7 200 OK\r\n${REST}`)),
  { ...fine(31, 'HTTP/2.0 on an HTTP/1 connection', send(`HTTP/2.0 200 OK\r\n${REST}`)), socket: 'X' },
  {
    row: 32,
    name: '408 and a close, on a connection in use',
    plays: [[reply('', 'Connection: close\r\n', '408 Request Timeout'), ...fin]],
    outcome: 'http/408',
    retry: 'I',
    socket: 'X',
  },
  {
    row: 32,
    name: '408 and a close, on an idle connection',
    plays: [[reply(), wait(10), reply('', 'Connection: close\r\n', '408 Request Timeout'), ...fin]],
    restMs: 60,
    outcome: 'ok',
    retry: '–',
    socket: 'X',
  },
]
