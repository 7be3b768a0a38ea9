/** What must not be written to Redis, and what may. */
import { describe, expect, it } from 'vitest'
import { checkedRow } from '../../src/distributed/batch/api.ts'
import { checkOptions } from '../../src/distributed/batch/options.ts'
import { secretIn } from '../../src/distributed/batch/secrets.ts'

describe('a secret', () => {
  it.each<[unknown, string]>([
    [{ auth: { username: 'a', password: 'b' } }, 'auth.password'],
    [{ auth: { bearer: 'b' } }, 'auth.bearer'],
    [{ headers: { Authorization: 'Basic x' } }, 'headers.Authorization'],
    [{ headers: [['X-Api-Key', 'x']] }, 'headers[0].X-Api-Key'],
    [{ params: { key: 'x' } }, 'params.key'],
    [{ params: [['access_token', 'x']] }, 'params[0].access_token'],
    [{ json: { key: 'x', user: { password: 'x' } } }, 'json.user.password'],
    [{ multipart: [['token', 'x']] }, 'multipart[0].token'],
    [{ tls: { key: 'x' } }, 'tls.key'],
    [{ proxy: 'http://user:password@proxy.test' }, 'proxy'],
    [{ hosts: { 'a.test': { headers: { cookie: 'x' } } } }, 'hosts.a.test.headers.cookie'],
    ['http://user@a.test/', 'url'],
    [{ url: 'http://a.test/?a=b&api%5Fkey=x' }, 'url'],
  ])('is found in %j', (given, place) => {
    expect(secretIn(given)).toBe(place)
  })

  it.each<[unknown]>([
    [{ url: 'http://a.test/', key: 'row 1' }],
    [{ headers: { 'Idempotency-Key': 'x', 'X-Team': 'y' } }],
    [{ idempotencyKey: 'X-Request-Id' }],
    [{ json: { key: 'x', keys: ['y'] }, form: [['key', 'x']] }],
    [{ headers: { authorization: 'Bearer env:TOKEN' }, auth: { bearer: 'env:TOKEN' } }],
    ['http://a.test/?code=DE&monkey=1#token=x'],
    [{ json: ['token', 'x', 'three words'] }],
  ])('is not seen in %j', given => {
    expect(secretIn(given)).toBeUndefined()
  })

  it('is not seen in a URL because it is long', () => {
    expect(secretIn(`http://a.test/${'x'.repeat(100_000)}`)).toBeUndefined()
  })

  it('is also what the caller lists, in options and in requests', () => {
    const options = { secretNames: ['X-Team'], headers: { 'x-team': 'red' } }
    expect(() => checkOptions(options)).toThrow('options.headers.x-team: expected a reference')
    expect(() => checkOptions({ ...options, headers: { 'x-team': 'env:TEAM' } })).not.toThrow()
    const names = new Set(['x-team'])
    expect(() => checkedRow({ url: 'http://a.test/', headers: { 'X-Team': 'red' } }, 'request 0', names)).toThrow(
      'request 0: headers.X-Team: expected no secret in a request, got one',
    )
    expect(() => checkedRow('http://a.test/?x-team=red', 'request 0', names)).toThrow('request 0: url: expected')
  })
})
