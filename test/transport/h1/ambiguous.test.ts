/**
 * Responses whose end two readers may see in different places (RFC 9112 §6.3, §11.2; RFC 9110 §8.6): each is refused by its
 * code, with every method and every status, and nothing of its body is passed on.
 */
import { describe, expect, it } from 'vitest'
import { readResponse } from '../../support/h1-reader.ts'

const LENGTH = 'protocol/content_length'
const CODING = 'protocol/transfer_encoding'
const HEAD = 'protocol/malformed_head'

const ROWS: readonly (readonly [what: string, lines: string, code: string])[] = [
  // RFC 9110 §8.6: Content-Length = 1*DIGIT
  ['a plus sign', 'Content-Length: +2', LENGTH],
  ['a minus sign before zero', 'Content-Length: -0', LENGTH],
  ['a fraction', 'Content-Length: 2.0', LENGTH],
  ['an exponent', 'Content-Length: 2e0', LENGTH],
  ['hexadecimal digits', 'Content-Length: 0x2', LENGTH],
  ['digits in groups', 'Content-Length: 2_0', LENGTH],
  ['a quoted number', 'Content-Length: "2"', LENGTH],
  ['a number and a parameter', 'Content-Length: 2;x', LENGTH],
  ['two numbers with a blank between', 'Content-Length: 2 2', LENGTH],
  ['a list', 'Content-Length: 2,2', LENGTH],
  ['a list that ends with a comma', 'Content-Length: 2,', LENGTH],
  ['an empty value', 'Content-Length:', LENGTH],
  ['a no-break space behind the number', 'Content-Length: 2\xa0', LENGTH],
  ['superscript digits', 'Content-Length: \xb2', LENGTH],
  ['a number beyond what a double represents', 'Content-Length: 9007199254740993', LENGTH],
  ['a number beyond 64 bits that ends in 2', 'Content-Length: 18446744073709551618', LENGTH],
  ['the same number in two spellings', 'Content-Length: 2\r\ncontent-length: 02', LENGTH],
  ['two lines, the second one empty', 'Content-Length: 2\r\nContent-Length:', LENGTH],
  ['two lines far apart', 'Content-Length: 2\r\nA: b\r\nC: d\r\nCONTENT-LENGTH: 3', LENGTH],
  // RFC 9112 §6.3, rule 3: a length and a coding, in either order
  ['a length before chunked', 'Content-Length: 2\r\nTransfer-Encoding: chunked', LENGTH],
  ['a length behind chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 2', LENGTH],
  ['a length of zero beside chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 0', LENGTH],
  ['a length beside a coding that is not chunked', 'Transfer-Encoding: identity\r\nContent-Length: 2', LENGTH],
  ['a length beside an empty coding', 'Transfer-Encoding:\r\nContent-Length: 2', LENGTH],
  // RFC 9112 §6.1, §7: chunked is applied once, and last
  ['chunked twice in a list', 'Transfer-Encoding: chunked, chunked', CODING],
  ['chunked twice in two lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', CODING],
  ['chunked, then another coding', 'Transfer-Encoding: chunked, gzip', CODING],
  ['identity before chunked', 'Transfer-Encoding: identity, chunked', CODING],
  ['identity alone', 'Transfer-Encoding: identity', CODING],
  ['chunked with a parameter', 'Transfer-Encoding: chunked;q=1', CODING],
  ['chunked in quotes', 'Transfer-Encoding: "chunked"', CODING],
  ['chunked with an empty element before it', 'Transfer-Encoding: ,chunked', CODING],
  ['chunked with an empty element behind it', 'Transfer-Encoding: chunked,', CODING],
  ['a name that ends with chunked', 'Transfer-Encoding: xchunked', CODING],
  ['a name that begins with chunked', 'Transfer-Encoding: chunkedx', CODING],
  ['a letter above ASCII in chunked', 'Transfer-Encoding: chun\xb5ed', CODING],
  ['an empty coding', 'Transfer-Encoding: ', CODING],
  // Lines that some readers repair
  ['a blank before the colon of a length', 'Content-Length : 2', HEAD],
  ['a blank before the colon of a coding', 'Transfer-Encoding : chunked', HEAD],
  ['a tab before the colon of a coding', 'Transfer-Encoding\t: chunked', HEAD],
  ['a folded coding', 'Transfer-Encoding:\r\n chunked', HEAD],
  ['a blank before the name of the first field', ' Transfer-Encoding: chunked', HEAD],
  ['a bare line feed before a coding', 'A: b\nTransfer-Encoding: chunked', HEAD],
  ['a bare carriage return before a coding', 'A: b\rTransfer-Encoding: chunked', HEAD],
  ['a vertical tab before chunked', 'Transfer-Encoding: \x0bchunked', HEAD],
  ['a NUL behind chunked', 'Transfer-Encoding: chunked\0', HEAD],
  ['a NUL in the name of a length', 'Content-\0Length: 2', HEAD],
]

describe('a response is refused with', () => {
  it.each(ROWS)('%s', (_what, lines, code) => {
    for (const status of ['200 OK', '204 No', '304 Same', '404 No', '103 Hint'])
      for (const method of ['GET', 'HEAD'] as const) {
        const text = `HTTP/1.1 ${status}\r\n${lines}\r\n\r\n2\r\nok\r\n0\r\n\r\n`
        const read = readResponse(Buffer.from(text, 'latin1'), [], method)
        expect([read.verdict, read.why, read.body.byteLength]).toEqual(['refused', code, 0])
      }
  })

  it('a transfer coding in HTTP/1.0, whatever it is', () => {
    for (const coding of ['chunked', 'identity', '']) {
      const text = `HTTP/1.0 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n`
      expect(readResponse(Buffer.from(text))).toMatchObject({ verdict: 'refused', why: CODING })
    }
  })
})

describe('a response without ambiguity is read, with', () => {
  it.each([
    ['white space around a length', 'Content-Length: \t 2 \t', 'ok', 'ok'],
    ['leading zeros', 'Content-Length: 002', 'ok', 'ok'],
    ['white space around chunked', 'Transfer-Encoding:\t chunked \t', '2\r\nok\r\n0\r\n\r\n', 'ok'],
    ['chunked in capitals', 'TRANSFER-ENCODING: CHUNKED', '2\r\nok\r\n0\r\n\r\n', 'ok'],
    // Fields of other names frame nothing: the body ends with the connection.
    ['an underscore in the name', 'Transfer_Encoding: chunked\r\nContent_Length: 1', '2\r\nok', '2\r\nok'],
    ['a name that begins with Content-Length', 'Content-Length-X: 1', 'ok', 'ok'],
  ])('%s', (_what, lines, sent, body) => {
    const read = readResponse(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${sent}`))
    expect([read.verdict, read.body.toString(), read.isSurplus]).toEqual(['whole', body, false])
  })

  it('an interim response that announces a body, which it cannot have (RFC 9112 §6.3, rule 1)', () => {
    const text = 'HTTP/1.1 103 Hint\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    expect(readResponse(Buffer.from(text))).toMatchObject({ verdict: 'whole', status: 200, isSurplus: false })
  })
})
