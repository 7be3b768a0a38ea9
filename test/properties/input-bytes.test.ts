/**
 * No input puts bytes on the wire that break the grammar of a request. Random text (control characters, halves of
 * surrogates, letters whose low byte is CR or LF, whole requests) goes into every field, and a strict server parses the
 * result: it must see exactly one request, or no byte at all.
 */
import { expect, it } from 'vitest'
import { isConfigError, parallelRequests } from '../../src/index.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { clientOf } from '../support/ask.ts'
import { anyText, fc } from '../support/property.ts'
import { strictServer } from '../support/strict-server.ts'
import type { StrictRequest } from '../support/strict-server.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const RUNS = runs(100_000)

const nasty = fc.constantFrom(
  '\r\nX-Evil: 1',
  '\nX-Evil: 1',
  '\rX-Evil: 1',
  '\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
  // Truncated to one byte each, these are CR and LF.
  '\u010d\u010a',
  '\u560d\u560a',
  '\0',
  '\t',
  ' ',
  '\u0085',
  '\u2028',
  '\ud800',
  '\udc00x',
  '%0d%0a',
  '%zz',
  '%',
  '"',
  '\\',
  ';',
  ',',
  ':',
  '=',
  '#',
  '?',
  '/',
  '//',
  '..',
  '@',
  '\x7f',
  '\xff',
  'é',
  '✓',
  '😀',
  ' HTTP/1.1',
  '--',
)
const text = fc
  .array(fc.oneof({ weight: 2, arbitrary: nasty }, anyText(3), fc.string({ maxLength: 4 })), {
    maxLength: 4,
  })
  .map(parts => parts.join(''))
/** Usually a valid value, so that the other fields reach the wire. */
const either = (fine: string): fc.Arbitrary<string> => fc.oneof({ weight: 3, arbitrary: fc.constant(fine) }, text)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 1 })

const file = fc.record({ data: text, filename: either('a.txt'), type: either('text/plain') })
const bodies = fc.oneof(
  fc.constant({}),
  text.map(value => ({ json: { [value]: value } })),
  fc.tuple(text, text).map(([name, value]) => ({ form: { [name]: value } })),
  text.map(body => ({ body })),
  text.map(body => ({ body: () => body })),
  fc.tuple(either('name'), fc.oneof(text, file)).map(([name, value]) => ({ multipart: [[name, value]] as const })),
  fc.tuple(text, text).map(([name, value]) => {
    const form = new FormData()
    form.append(name, value)
    form.append('file', new Blob([value]), name)
    return { body: form }
  }),
)

const request = fc.record({
  path: text,
  userinfo: maybe(text),
  params: maybe(fc.tuple(text, text)),
  headers: maybe(fc.tuple(either('x-name'), either('value'))),
  method: maybe(fc.oneof(fc.constantFrom('PUT', 'DELETE', 'GET'), text)),
  auth: maybe(
    fc.oneof(
      fc.record({ username: text, password: text }),
      text.map(bearer => ({ bearer })),
      text.map(answer => () => answer),
    ),
  ),
  idempotencyKey: maybe(text),
  cookies: maybe(fc.tuple(either('name'), either('value'))),
  userAgent: maybe(text),
  baseUrl: fc.boolean(),
  body: bodies,
})
type Made = typeof request extends fc.Arbitrary<infer T> ? T : never

function specOf(made: Made, origin: string): RequestSpec {
  const { path, userinfo, params, headers, method, auth, idempotencyKey } = made
  return {
    url: `${userinfo === undefined ? origin : origin.replace('//', `//${userinfo}@`)}/${path}`,
    ...(params && { params: { [params[0]]: params[1] } }),
    ...(headers && { headers: { [headers[0]]: headers[1] } }),
    ...(method !== undefined && { method }),
    ...(auth && { auth }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...made.body,
  }
}

const PART_HEAD =
  /^Content-Disposition: form-data; name="[^"\r\n]*"(?:; filename="[^"\r\n]*")?(?:\r\nContent-Type: [\t\x20-\x7e\x80-\xff]+)?\r\n\r\n/

/** The number of parts of a body; checks that each has a valid head and nothing more. */
function partsOf({ headers, body }: StrictRequest): number {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(type)?.[1]
  if (boundary === undefined) return 0
  const [preamble, ...parts] = `\r\n${body}`.split(`\r\n--${boundary}`)
  expect([preamble, parts.pop()]).toEqual(['', '--\r\n'])
  for (const part of parts) expect(part.slice(2)).toMatch(PART_HEAD)
  return parts.length
}

it(
  `any text in any field sends exactly one request, or none, over ${RUNS.toLocaleString('en')} requests (${SEEDED})`,
  async () => {
    const server = await strictServer()
    const client = clientOf({ concurrency: 1, userAgent: 'own' })
    let sent = 0
    let refused = 0
    // Plain checks, because `expect` would take as long as the request.
    await fc.assert(
      fc.asyncProperty(request, async made => {
        const { bytes } = server
        server.forget()
        const spec = specOf(made, server.origin)
        // Text that leads to another host is covered by another test, and must not reach other servers.
        if (URL.canParse(String(spec.url)) && new URL(spec.url).origin !== server.origin) return
        let outcome: Outcome | undefined
        try {
          if (made.cookies !== undefined) client.setCookies({ [made.cookies[0]]: made.cookies[1] })
          outcome = await client.request(spec, {
            onFailure: 'settle',
            returnType: 'text',
            ...(made.userAgent !== undefined && { userAgent: made.userAgent }),
          })
        } catch (error) {
          if (!isConfigError(error)) throw error
        } finally {
          client.resetCookies()
        }
        if (server.violations.length > 0) throw new Error(server.violations.join('\n'))
        const [came, smuggled] = server.requests
        if (outcome?.ok === true) {
          sent++
          if (came === undefined || smuggled !== undefined) throw new Error(`${server.requests.length} requests, not 1`)
          if (came.headers.some(([name]) => name === 'x-evil')) throw new Error('a header of the text came to be one')
          const wanted =
            'multipart' in made.body ? 1 : 'body' in made.body && made.body.body instanceof FormData ? 2 : 0
          const parts = partsOf(came)
          if (parts !== wanted) throw new Error(`${parts} parts, not ${wanted}`)
          return
        }
        refused++
        const code = outcome?.error.code ?? 'invalid_request/option'
        if (!/^(?:invalid_request|callback\/hook)/.test(code)) throw new Error(`refused with ${code}`)
        if (came !== undefined || server.bytes > bytes) throw new Error(`${code}, with bytes on the wire`)
      }),
      { numRuns: RUNS },
    )
    await client.close()
    await server.close()
    expect(server.violations).toEqual([])
    console.log(`${sent} sent, ${refused} refused with no byte on the wire`)
    expect(Math.min(sent, refused)).toBeGreaterThan(RUNS / 10)
  },
  limitMs(),
)

it('a header of the options is checked like a header of a request', async () => {
  const server = await strictServer()
  for (const headers of [{ 'x-a': 'b\r\nX-Evil: 1' }, { 'x-a\r\nX-Evil': '1' }, { 'x-a': 'b\u010d\u010aX-Evil: 1' }]) {
    await expect(parallelRequests(server.origin, { headers })).rejects.toSatisfy(isConfigError)
  }
  expect(server.bytes).toBe(0)
  await server.close()
})
