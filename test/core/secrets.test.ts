import { describe, expect, it } from 'vitest'
import { redacted, secretsOf, sentWith } from '../../src/core/secrets.ts'
import type { Proxy } from '../../src/core/route.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const PAIR = Buffer.from('ann:CANARY pass/1').toString('base64')

const PROXY: Proxy = {
  protocol: 'http:',
  hostname: 'p.test',
  port: 3128,
  credentials: { username: 'pat', password: 'CANARYproxy' },
  key: '',
  name: 'http://p.test:3128',
}

/** What this request sent, as the server may say it back. */
function cleaned(said: string, isCut = false): string {
  const call = makeCall({
    url: 'http://a.test/p?api_key=CANARY%20q%2F1&page=7',
    body: '{"user":{"password":"CANARYpass","pin":123456,"name":"Ann"}}',
    headers: ['authorization', 'Bearer CANARY.tok"en', 'x-api-key', 'CANARYkey', 'cookie', 'theme=dark; uid=CANARYuid'],
    credentials: `Basic ${PAIR}`,
    plan: { secretNames: new Set(['tenant']), ways: { kind: 'proxies', proxies: [PROXY] } },
  })
  call.trip.sentHeaders = ['cookie', 'sid=CANARYsid']
  const reply = makeReply(400, { 'set-cookie': 'session=CANARYset; Path=/' })
  return redacted(said, secretsOf(sentWith(call, reply)), call.plan.secretNames, isCut)
}

describe('a secret that the request sent is removed from a text', () => {
  it.each([
    ['as it is', 'got Bearer CANARY.tok"en, sorry', 'got ***, sorry'],
    ['without its scheme', 'token CANARY.tok"en', 'token ***'],
    ['inside of JSON', String.raw`{"got":"CANARY.tok\"en"}`, '{"got":"***"}'],
    ['inside of HTML', '<b>CANARY.tok&quot;en</b>', '<b>***</b>'],
    ['percent-encoded', 'u=CANARY.tok%22en', 'u=***'],
    ['as the Basic header', `Basic ${PAIR}`, '***'],
    ['as the decoded pair', 'hello ann:CANARY pass/1!', 'hello ***!'],
    ['as the password alone', 'wrong password CANARY pass/1', 'wrong password ***'],
    ['of a header with a secret name', 'no such key: CANARYkey', 'no such key: ***'],
    ['of a cookie', 'who is CANARYuid or CANARYsid or CANARYset?', 'who is *** or *** or ***?'],
    ['of the body', 'no user Ann has CANARYpass or 123456', 'no user Ann has *** or ***'],
    ['of the proxy', `got ${btoa('pat:CANARYproxy')}, pat:CANARYproxy, CANARYproxy`, 'got ***, ***, ***'],
    ['of the query, encoded', 'GET /p?x=CANARY%20q%2F1', 'GET /p?x=***'],
    ['of the query, decoded', 'searched for CANARY q/1', 'searched for ***'],
  ])('%s', (_, said, clean) => {
    expect(cleaned(said)).toBe(clean)
  })

  it('and a short value of a harmless cookie is not, because it is a common word', () => {
    expect(cleaned('the dark side')).toBe('the dark side')
  })
})

describe('a value whose name suggests a secret is removed from a text', () => {
  it.each([
    ['JSON', '{"token": "a\\"b", "n": 1}', '{"token": "***", "n": 1}'],
    ['JSON with a number', '{"pin":1234,"n":1}', '{"pin":"***","n":1}'],
    [
      'JSON inside of JSON',
      String.raw`{"log":"{\"password\":\"hunter2\",\"a\":1}"}`,
      String.raw`{"log":"{\"password\":\"***\",\"a\":1}"}`,
    ],
    [
      'JSON inside of HTML',
      '<p>{&quot;token&quot;: &quot;abc&quot;}</p>',
      '<p>{&quot;token&quot;: &quot;***&quot;}</p>',
    ],
    ['JSON inside of HTML, with numbers', '{&#34;token&#34;:&#34;abc&#34;}', '{&#34;token&#34;:&#34;***&#34;}'],
    ['JSON that is cut off', '{"token": "abc', '{"token": "***"'],
    ['single quotes', "{'api_key': 'abc'}", "{'api_key': '***'}"],
    ['a form', 'a=1&access_token=abc&b=2', 'a=1&access_token=***&b=2'],
    ['a query in a URL', 'see http://x.test/cb?code=abc&state=1', 'see http://x.test/cb?code=***&state=1'],
    [
      'lines of headers',
      'Host: x\nAuthorization: Bearer abc\nX-Api-Key: abc\n',
      'Host: x\nAuthorization: ***\nX-Api-Key: ***\n',
    ],
    ['a name of secretNames', '{"tenant":"acme"} tenant=acme', '{"tenant":"***"} tenant=***'],
  ])('in %s', (_, said, clean) => {
    expect(redacted(said, [], new Set(['tenant']))).toBe(clean)
  })

  it.each([
    '{"error":"no such person"}',
    '{"errors":[{"field":"email"}]}',
    'monkey=1',
    '{"token":null}',
    '',
    '"',
    '\\',
  ])('and %j stays as it is', said => {
    expect(redacted(said, [], undefined)).toBe(said)
  })
})

describe('a text that is cut', () => {
  it.each([
    ['in a secret', 'your key is CANARYk', 'your key is '],
    ['in an encoded secret', 'q=CANARY%20q%2', 'q='],
    ['after one', 'your key is CANARYkey', 'your key is ***'],
  ])('%s shows no part of it', (_, said, clean) => {
    expect(cleaned(said, true)).toBe(clean)
  })
})

it.each(['"', "'", '\\', '"a":', '\\"a":', '"token":"', "'token':", 'a=', '?token=', ' ', 'x-', '&', '=', 'token='])(
  'a body of nothing but %j takes no more than one pass',
  piece => {
    const said = piece.repeat(65_536 / piece.length)
    expect(cleaned(said).length).toBeGreaterThanOrEqual(0)
  },
)
