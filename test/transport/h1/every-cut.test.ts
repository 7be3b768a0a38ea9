/** Where the network cuts a response does not change what is read: not its verdict, its head, or its body. */
import { describe, expect, it } from 'vitest'
import { ANSWERS } from '../../differential/answers.ts'
import { ReaderConnection, isSameRead, readResponse } from '../../support/h1-reader.ts'

/** A long answer is cut at each of its first and last bytes only, and into pieces of this many. */
const ALL_CUTS = 2_000
const EDGE = 50
const PIECE_BYTES = 1_021

function cutsOf(length: number): number[][] {
  const each = Array.from({ length: Math.max(0, length - 1) }, (_, at) => at + 1)
  if (length <= ALL_CUTS) return [each, ...each.map(at => [at])]
  const edges = each.filter(at => at <= EDGE || at >= length - EDGE)
  return [each.filter(at => at % PIECE_BYTES === 0), ...edges.map(at => [at])]
}

describe('an answer is read in the same way wherever it is cut', () => {
  it.each(ANSWERS.map(({ what, bytes }) => [what, Buffer.from(bytes)] as const))('%s', (_what, bytes) => {
    const connection = new ReaderConnection()
    for (const method of ['GET', 'HEAD'] as const) {
      const whole = readResponse(bytes, [], method)
      // The first one on its connection, and one behind others, which knows the head.
      const different = cutsOf(bytes.byteLength).filter(
        cuts =>
          !isSameRead(readResponse(bytes, cuts, method), whole) ||
          !isSameRead(connection.read(bytes, cuts, method), whole),
      )
      expect(different).toEqual([])
    }
  })

  it('also when it follows another response with the same head, or with a longer one', () => {
    const head = 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\n'
    const longer = 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\nC: d\r\n\r\n'
    for (const [first, second] of [
      [head, head],
      [head, longer],
      [longer, head],
    ] as const) {
      for (let cut = 0; cut < second.length + 2; cut++) {
        const connection = new ReaderConnection()
        expect(connection.read(Buffer.from(`${first}ab`)).verdict).toBe('whole')
        expect(connection.isOpen).toBe(true)
        const read = connection.read(Buffer.from(`${second}cd`), [cut])
        expect([read.verdict, read.body.toString(), read.headers.length]).toEqual([
          'whole',
          'cd',
          second === head ? 4 : 6,
        ])
      }
    }
  })
})
