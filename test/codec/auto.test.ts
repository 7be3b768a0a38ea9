import { describe, expect, onTestFinished, test } from 'vitest'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a body of this type becomes, and what it becomes when it is restored from a run file. */
async function valuesOf(type: string | undefined, body: Uint8Array): Promise<[unknown, unknown]> {
  const folder = mkdtempSync(join(tmpdir(), 'auto-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const transport = mockTransport(() => ({ headers: type === undefined ? {} : { 'content-type': type }, body }))
  await using client = new ParallelRequests({ transport, maxRetries: 0 })
  const options = { returnType: 'auto', onFailure: 'settle', resume: join(folder, 'run.jsonl') } as const
  const once = await client.request('http://a.example/', options)
  const again = await client.request('http://a.example/', options)
  expect(again.source).toBe('run-file')
  return [once.ok ? once.value : once.error.code, again.ok ? again.value : again.error.code]
}

describe("returnType: 'auto'", () => {
  test.each<[string, string | undefined, string | Uint8Array, unknown]>([
    ['JSON by its type', 'application/json', '{"a":1}', { a: 1 }],
    ['JSON by a +json type', 'application/problem+json; charset=utf-8', '"x"', 'x'],
    ['a number by its type', 'application/json', '1', 1],
    ['nothing', 'application/json', '', null],
    ['null', 'application/json', 'null', null],
    ['a broken body whose type is JSON', 'application/json', '{"a":', 'parse/json'],
    ['JSON with the type text/plain', 'text/plain', ' [1, 2]', [1, 2]],
    ['JSON without a type', undefined, '{"a":[]}', { a: [] }],
    ['text that looks like a number', 'text/plain', '12', '12'],
    ['text that begins like JSON', 'text/html', '{ not }', '{ not }'],
    ['text', 'text/html', '<p>é</p>', '<p>é</p>'],
    ['text in its charset', 'text/plain; charset=latin1', new Uint8Array([0xe9]), 'é'],
    ['text without a type', undefined, 'plain', 'plain'],
    ['bytes', 'image/png', new Uint8Array([0x89, 0x50, 0xff]), new Uint8Array([0x89, 0x50, 0xff])],
  ])('reads %s as its likely type, and a resumed run restores the same value', async (_what, type, given, expected) => {
    const [once, again] = await valuesOf(type, typeof given === 'string' ? utf8(given) : given)
    expect(once).toEqual(expected)
    expect(again).toEqual(expected)
  })
})
