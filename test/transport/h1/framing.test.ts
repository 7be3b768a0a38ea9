/** How the end of a body is marked, and which heads are refused because they are ambiguous. */
import { describe, expect, it } from 'vitest'
import { framingOf } from '../../../src/transport/h1/framing.ts'

describe('the end of a body is', () => {
  it.each([
    ['its length', 'GET', 200, ['content-length', '5'], { kind: 'length', bytes: 5 }],
    ['its last chunk', 'GET', 200, ['transfer-encoding', 'Chunked'], { kind: 'chunked' }],
    ['the end of the connection, without either', 'GET', 200, [], { kind: 'close' }],
    ['that of the head, after HEAD', 'HEAD', 200, ['content-length', '5'], { kind: 'none' }],
    ['that of the head, with 204', 'GET', 204, ['transfer-encoding', 'chunked'], { kind: 'none' }],
    ['that of the head, with 304', 'GET', 304, ['content-length', '5'], { kind: 'none' }],
    ['that of the head, with 103', 'GET', 103, [], { kind: 'none' }],
  ])('%s', (_what, method, status, headers, framing) => {
    expect(framingOf(method, status, 11, headers)).toEqual(framing)
  })
})

describe('a head is refused', () => {
  it.each([
    ['with two lengths that differ', ['content-length', '5', 'content-length', '6'], 'protocol/content_length'],
    ['with two lengths that are the same', ['content-length', '5', 'content-length', '5'], 'protocol/content_length'],
    ['with a list of lengths', ['content-length', '5, 5'], 'protocol/content_length'],
    ['with a negative length', ['content-length', '-1'], 'protocol/content_length'],
    ['with a length in letters', ['content-length', '0x5'], 'protocol/content_length'],
    ['with an empty length', ['content-length', ''], 'protocol/content_length'],
    ['with a length of 2 to the 64', ['content-length', '18446744073709551616'], 'protocol/content_length'],
    ['with a length and a coding', ['content-length', '5', 'transfer-encoding', 'chunked'], 'protocol/content_length'],
    [
      'with chunked and another coding after it',
      ['transfer-encoding', 'chunked, identity'],
      'protocol/transfer_encoding',
    ],
    ['with another coding before chunked', ['transfer-encoding', 'gzip, chunked'], 'protocol/transfer_encoding'],
    [
      'with chunked twice',
      ['transfer-encoding', 'chunked', 'transfer-encoding', 'chunked'],
      'protocol/transfer_encoding',
    ],
    ['with a no-break space beside chunked', ['transfer-encoding', 'chunked\xa0'], 'protocol/transfer_encoding'],
  ])('%s', (_what, headers, code) => {
    for (const method of ['GET', 'HEAD']) expect(framingOf(method, 200, 11, headers)).toMatchObject({ code })
  })

  it('with chunks in HTTP/1.0, which has no transfer codings', () => {
    expect(framingOf('GET', 200, 10, ['transfer-encoding', 'chunked'])).toMatchObject({
      code: 'protocol/transfer_encoding',
    })
  })
})
