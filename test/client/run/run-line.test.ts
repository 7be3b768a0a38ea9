import { describe, expect, test } from 'vitest'
import {
  doneLineOf,
  lineValue,
  recordedBodyOf,
  recordedHeaders,
  recordedResult,
} from '../../../src/client/run/run-line.ts'
import { settle } from '../../../src/client/run/settle.ts'
import type { CallPlan } from '../../../src/core/call.ts'
import type { DoneLine } from '../../../src/core/journal.ts'
import type { Reply, Result } from '../../../src/core/result.ts'
import { virtualClock } from '../../../src/testing/index.ts'
import { makeCall, makeFault, makeReply } from '../../support/calls.ts'
import { fc } from '../../support/property.ts'

const clock = virtualClock()
const ASKED = 'http://a.test/p?token=canary'
const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

/** Writes a result as a line, through the JSON of the file, and reads it back. */
async function thereAndBack(result: Result, plan: Partial<CallPlan> = {}, now: Partial<CallPlan> = plan) {
  const call = makeCall({ plan, key: 'k', index: 3, url: ASKED })
  call.trip.id = 'k:k'
  const outcome = await settle(call, result, clock)
  const value = outcome.ok && result.kind === 'reply' ? lineValue(call, result, outcome.value) : {}
  const line = JSON.parse(JSON.stringify(doneLineOf(call, 'the print', outcome, value, AT_MS))) as DoneLine
  const next = makeCall({ plan: now, key: 'k', index: 3, url: call.url })
  return { outcome, line, back: await settle(next, recordedResult(line, next), clock) }
}

const bytesReply = (body: Uint8Array, headers = {}): Reply => ({ ...makeReply(200, headers), body })

describe('a line of a run file', () => {
  test('holds the final URL, the Location and the named headers without secrets, and gives them back', async () => {
    const headers = { location: 'http://u:canary@b.test/x?token=canary', etag: '"1"', 'set-cookie': 'a=canary' }
    const reply = { ...makeReply(404, headers, '{"why":"gone"}'), url: 'http://b.test/q?key=canary&n=1' }
    const call = makeCall({ url: ASKED })
    const outcome = await settle(call, reply, clock)
    const line = doneLineOf(call, 'p', outcome, {}, AT_MS, ['etag', 'set-cookie', 'x-none'])
    expect(line).toMatchObject({
      finalUrl: 'http://b.test/q?key=***&n=1',
      location: 'http://b.test/x?token=***',
      headers: { etag: '"1"', 'set-cookie': '***' },
      error: { code: 'http/404', body: '{"why":"gone"}' },
    })
    expect(JSON.stringify(line)).not.toContain('canary')
    expect(recordedResult(line, call)).toMatchObject({ reply: { url: line.finalUrl } })
    expect(recordedHeaders(line)).toEqual(['etag', '"1"', 'set-cookie', '***', 'location', line.location])
    expect(recordedBodyOf(line)).toEqual({ body: '{"why":"gone"}' })
  })

  test.each([
    [
      'texts',
      { finalUrl: 'no URL', location: 'a\nb', headers: 'x', error: { code: 'http/404', message: 'm', body: 7 } },
    ],
    [
      'lists',
      { finalUrl: ['a'], location: ['b'], headers: ['x'], error: { code: 'http/404', message: 'm', body: ['x'] } },
    ],
    ['headers that are none', { headers: { 'a b': 'x', etag: 7, 'x-a': 'a\r\nb' } }],
  ])('whose new fields are %s by the hand of another program is read without them', (_, fields) => {
    const line = { ok: false, status: 404, error: { code: 'http/404', message: 'm' }, ...fields } as unknown as DoneLine
    const call = makeCall({ url: ASKED })
    expect(recordedResult(line, call)).toMatchObject({ code: 'http/404', reply: { url: ASKED } })
    expect(recordedHeaders(line)).toBeUndefined()
    expect(recordedBodyOf(line)).toBeUndefined()
  })

  test('has the promised fields, and no field without a value', async () => {
    const { line } = await thereAndBack({ ...makeReply(201, {}, '{"a":1}'), url: ASKED })
    expect(line).toEqual({
      v: 2,
      index: 3,
      id: 'k:k',
      print: 'the print',
      key: 'k',
      method: 'GET',
      url: 'http://a.test/p?token=***',
      ok: true,
      status: 201,
      value: { a: 1 },
      attempts: 0,
      bytes: 7,
      timings: { total: 0 },
      at: '2026-01-02T03:04:05.678Z',
    })
    const { line: failed } = await thereAndBack(makeFault('connect/refused', false))
    expect(failed).toEqual({
      v: 2,
      index: 3,
      id: 'k:k',
      print: 'the print',
      key: 'k',
      method: 'GET',
      url: 'http://a.test/p?token=***',
      ok: false,
      error: { code: 'connect/refused', message: 'made connect/refused' },
      attempts: 0,
      bytes: 0,
      timings: { total: 0 },
      at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('restores any JSON value', async () => {
    // Without -0 and numbers beyond the range of doubles, which JSON.stringify does not write.
    const value = fc
      .jsonValue()
      .filter(json => !JSON.stringify([json], (_, v: unknown) => (Object.is(v, -0) ? '-0' : v)).includes('-0'))
    await fc.assert(
      fc.asyncProperty(value, async json => {
        const { outcome, back } = await thereAndBack(makeReply(200, {}, JSON.stringify(json)))
        expect(back.value).toStrictEqual(outcome.value)
      }),
    )
  })

  test('restores any text, and any bytes as text', async () => {
    const headers = fc.constantFrom(
      {},
      { 'content-type': 'text/plain; charset=utf-16le' },
      { 'content-type': 'text/plain; charset=latin1' },
    )
    const marks = fc.constantFrom(
      [],
      [0xef, 0xbb, 0xbf],
      [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
      [0xff, 0xfe],
      [0xfe, 0xff],
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), headers, marks, async (bytes, given, mark) => {
        const reply = bytesReply(Uint8Array.from([...mark, ...bytes]), given)
        const { outcome, back } = await thereAndBack(reply, { returnType: 'text' })
        expect(back.value).toBe(outcome.value)
      }),
    )
  })

  test('restores any bytes, as content and in a whole response', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async bytes => {
        const content = await thereAndBack(bytesReply(bytes), { returnType: 'content' })
        expect(content.line.encoding).toBe('base64')
        expect(content.back.value).toStrictEqual(content.outcome.value)
        const whole = await thereAndBack(bytesReply(bytes, { etag: '"1"' }), { returnType: 'response' })
        const [before, after] = [whole.outcome.value, whole.back.value] as { bytes(): Uint8Array; headers: Headers }[]
        expect(after?.bytes()).toStrictEqual(before?.bytes())
        expect(after?.headers.get('etag')).toBe('"1"')
      }),
    )
  })

  test.each([
    ['content', 'response', '{"a":1}'],
    ['response', 'content', '{"a":1}'],
    ['response', 'json', '{"a":1}'],
    ['content', 'json', '{"a":1}'],
    ['content', 'text', 'plain'],
    ['json', 'text', '{"a":1}'],
    ['json', 'content', '{"a":1}'],
    ['text', 'content', 'plain'],
  ] as const)('that was written as %s can be read as %s', async (before, now, body) => {
    const { back } = await thereAndBack(makeReply(200, {}, body), { returnType: before }, { returnType: now })
    const value = back.value as { bytes?(): Uint8Array }
    const expected = { json: { a: 1 }, text: body, content: new TextEncoder().encode(body), response: undefined }[now]
    if (now === 'response') expect(value.bytes?.()).toEqual(new TextEncoder().encode(body))
    else expect(value).toEqual(expected)
  })

  test('of a whole response contains no secret headers and no secrets of its URL', async () => {
    const headers = { 'set-cookie': 'canary', 'x-auth-token': 'canary', mine: 'canary', 'content-language': 'de' }
    const reply = { ...makeReply(200, headers, 'x'), url: 'http://a.test/p?token=canary&a=1' }
    const { line } = await thereAndBack(reply, { returnType: 'response', secretNames: new Set(['mine']) })
    expect(JSON.stringify(line)).not.toContain('canary')
    expect(line['head']).toEqual({
      statusText: '',
      headers: ['content-language', 'de'],
      url: 'http://a.test/p?token=***&a=1',
    })
  })

  test.each([
    ['a status', makeReply(503, {}, 'busy'), 'http/503', 503],
    ['no JSON', makeReply(200, {}, 'nope'), 'parse/json', 200],
    ['no answer', makeFault('timeout/headers', true), 'timeout/headers', undefined],
  ] as const)('of a failure restores its code, message and status: %s', async (_name, result, code, status) => {
    const { outcome, line, back } = await thereAndBack(result)
    expect([line.error?.code, line.status]).toEqual([code, status])
    expect([back.error?.code, back.error?.message, back.response?.status]).toEqual([
      code,
      outcome.error?.message,
      status,
    ])
    expect(back.error?.constructor).toBe(outcome.error?.constructor)
  })
})
