/** Inputs with keys that change between two runs. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError } from '../../../src/core/error.ts'
import { ParallelRequests, parallelRequests } from '../../../src/index.ts'
import { echo, newRun } from '../../support/resumed.ts'

interface Row {
  readonly url: string
  readonly key: string
}

const rows = (keys: string, urlOf = (key: string) => `http://h0.test/${key}`): Row[] =>
  Array.from(keys, key => ({ url: urlOf(key), key }))

/** Rows that differ in nothing but their keys. */
const alike = (keys: string): Row[] => rows(keys, () => 'http://h0.test/')

function* lazily<T>(items: readonly T[]): Generator<T> {
  yield* items
}

async function drained(path: string, items: Iterable<unknown>) {
  const warnings: string[] = []
  const heard = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', heard)
  const transport = echo()
  const client = new ParallelRequests({ transport })
  onTestFinished(() => client.close())
  const { restored, gone } = await client.drain(items as Iterable<string>, { resume: path })
  // Node emits a warning in the next tick.
  await new Promise(resolve => setImmediate(resolve))
  process.off('warning', heard)
  return { sent: transport.requests.length, restored, gone, warnings }
}

async function resumed(before: readonly unknown[], after: Iterable<unknown>) {
  const path = newRun()
  await parallelRequests(before as string[], { transport: echo(), resume: path })
  return drained(path, after)
}

describe.each([
  ['an array with keys', (items: readonly Row[]): Iterable<Row> => items],
  ['a lazy input with keys', lazily<Row>],
])('a resumed run of %s', (_kind, given) => {
  test.each([
    ['a sorted input', 'abcd', 'dcba', { sent: 0, restored: 4, gone: 0 }],
    ['a shorter input', 'abcd', 'bd', { sent: 0, restored: 2, gone: 2 }],
    ['a longer input', 'ab', 'abcd', { sent: 2, restored: 2, gone: 0 }],
    ['a new first row', 'ab', 'xab', { sent: 1, restored: 2, gone: 0 }],
    ['an input that is sorted, shorter and longer at once', 'abcd', 'xdb', { sent: 1, restored: 2, gone: 2 }],
  ])('takes %s, also if the requests differ only in their keys', async (_name, before, after, expected) => {
    expect(await resumed(rows(before), given(rows(after)))).toMatchObject(expected)
    expect(await resumed(alike(before), given(alike(after)))).toMatchObject(expected)
  })

  test('a run warns once of rows that the input no longer has, and keeps their lines', async () => {
    const path = newRun()
    await parallelRequests(rows('abcd'), { transport: echo(), resume: path })
    const { warnings } = await drained(path, given(rows('bd')))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/run\.jsonl: 2 of its requests are not in this input any more/)
    expect(await drained(path, given(rows('abcd')))).toMatchObject({ sent: 0, restored: 4, gone: 0, warnings: [] })
  })
})

test('a resumed run is refused before anything is sent if the file knows none of the keys of an array', async () => {
  const path = newRun()
  await parallelRequests(alike('ab'), { transport: echo(), resume: path })
  const transport = echo()
  const run = parallelRequests(alike('xy'), { transport, resume: path })
  await expect(run).rejects.toThrow(ConfigError)
  await expect(run).rejects.toThrow('(key a) and is')
  expect(transport.requests).toEqual([])
})

test('rows without a key keep their positions beside rows with keys', async () => {
  const first = 'http://h0.test/0'
  expect(await resumed([first, ...rows('ab')], [first, ...rows('xba')])).toMatchObject({ sent: 1, restored: 3 })
})

test('a run warns of changed keys if its file knows no key of a lazy input', async () => {
  const path = newRun()
  await parallelRequests(alike('aab'), { transport: echo(), resume: path })
  const { sent, warnings } = await drained(path, lazily(alike('xyz')))
  expect(sent).toBe(3)
  expect(warnings).toEqual([expect.stringContaining('If the keys were changed, every request was sent again')])
  const { warnings: others } = await drained(path, lazily(alike('axyz')))
  expect(others).toEqual([expect.not.stringContaining('if they were changed')])
})

test('a run that is ended early does not report missing rows', async () => {
  const path = newRun()
  await parallelRequests(rows('abcd'), { transport: echo(), resume: path })
  const client = new ParallelRequests({ transport: echo() })
  onTestFinished(() => client.close())
  const { gone } = await client.drain(lazily(rows('a')), { resume: path, signal: AbortSignal.abort() })
  expect(gone).toBe(0)
})
