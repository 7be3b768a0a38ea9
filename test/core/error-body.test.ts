import { describe, expect, it } from 'vitest'
import { errorBodyOf } from '../../src/core/error-body.ts'
import type { RefusedBody } from '../../src/core/error-body.ts'

const refused = (body: string | Uint8Array, type?: string): RefusedBody => ({
  kept: typeof body === 'string' ? Buffer.from(body) : body,
  isCut: false,
  headers: type === undefined ? [] : ['content-type', type],
  sent: { headers: [['x-api-key', 'CANARY']], credentials: undefined, url: '', finalUrl: '', secretNames: undefined },
})

describe('the body of an error', () => {
  it.each([
    ['UTF-8', Buffer.from('naïve ☃'), undefined, 'naïve ☃'],
    ['its charset', Buffer.from([0x6e, 0xef]), 'text/plain; charset=latin1', 'nï'],
    ['a charset that nobody knows', Buffer.from('ab'), 'text/plain; charset=klingon', 'ab'],
    ['its byte-order mark', Buffer.from('\uFEFFhi', 'utf16le'), undefined, 'hi'],
    ['text that is not quite its charset', Buffer.from([0x61, 0xff]), 'text/html', 'a\uFFFD'],
  ])('is text by %s', (_, body, type, text) => {
    expect(errorBodyOf(refused(body, type), 2_048)).toEqual({ body: text })
  })

  it.each([
    ['are not UTF-8', [0x89, 0x50, 0xff], 'image/png'],
    ['have a NUL', [0x61, 0x00, 0x62], undefined],
  ])('is base64 where the bytes %s', (_, bytes, type) => {
    const body = Buffer.from(bytes)
    expect(errorBodyOf(refused(body, type), 2_048)).toEqual({ body: body.toString('base64'), bodyEncoding: 'base64' })
  })

  it('holds no secret between bytes that are not text', () => {
    const shown = errorBodyOf(refused(Buffer.concat([Buffer.from([0xff]), Buffer.from('CANARY')])), 2_048)
    expect(Buffer.from(shown?.body ?? '', 'base64').toString('latin1')).toBe('ÿ***')
  })

  it('is cut between two characters, at the number of bytes', () => {
    expect(errorBodyOf(refused('aé☃'), 3)).toEqual({ body: 'aé', bodyTruncated: true })
    expect(errorBodyOf(refused('aé☃'), 5)).toEqual({ body: 'aé', bodyTruncated: true })
    expect(errorBodyOf(refused('aé☃'), 6)).toEqual({ body: 'aé☃' })
  })

  it('says that it is cut if no more than a part was kept', () => {
    expect(errorBodyOf({ ...refused('ab'), isCut: true }, Infinity)).toEqual({ body: 'ab', bodyTruncated: true })
  })

  it.each([
    ['the response had none', '', 2_048],
    ['maxErrorBody is 0', 'ab', 0],
  ])('is absent where %s', (_, body, size) => {
    expect(errorBodyOf(refused(body), size)).toBeUndefined()
  })
})
