/** The shape of a result follows from the input, `keys` and `onFailure`. Compiled, never run. */
import { parallelRequests } from 'parallel-requests'
import type { FaultCode, Outcome, RequestSpec } from 'parallel-requests'
import { exactly } from './exactly.ts'

declare const url: string
declare const urls: string[]
declare const specs: readonly RequestSpec[]
declare function generate(): Generator<string>
declare function generateLater(): AsyncGenerator<URL>

// One request gives one value.
exactly<unknown>()(await parallelRequests(url))
exactly<unknown>()(await parallelRequests(new URL(url)))
exactly<unknown>()(await parallelRequests({ url, method: 'POST', json: [1] }))
exactly<unknown>()(await parallelRequests({ urls: url, concurrency: 3 }))

// A list gives a list. JSON is unknown until the caller gives its type.
exactly<unknown[]>()(await parallelRequests(urls))
exactly<unknown[]>()(await parallelRequests([url, new URL(url), { url }]))
exactly<unknown[]>()(await parallelRequests(specs))
exactly<unknown[]>()(await parallelRequests(['https://a.example', 'https://b.example'], { concurrency: 3 }))
exactly<unknown[]>()(await parallelRequests({ urls, concurrency: 3 }))
exactly<unknown[]>()(await parallelRequests(new Set(urls)))
exactly<unknown[]>()(await parallelRequests(generate()))
exactly<unknown[]>()(await parallelRequests(generateLater()))
exactly<unknown[]>()(await parallelRequests([]))
exactly<unknown[]>()(await parallelRequests({ urls: generateLater(), params: { page: 1 } }))

// Keys give an object.
exactly<{ cpython: unknown; pypy: unknown }>()(await parallelRequests(urls, { keys: ['cpython', 'pypy'] }))
exactly<{ cpython: unknown; pypy: unknown }>()(await parallelRequests({ urls, keys: ['cpython', 'pypy'] }))
exactly<{ a: string; b: string }>()(await parallelRequests(urls, { keys: ['a', 'b'], returnType: 'text' }))
exactly<{ a: number }>()(await parallelRequests([url], { keys: ['a'], parseFunc: () => 1 }))
exactly<{ [key: string]: unknown }>()(await parallelRequests(urls, { keys: urls }))
const KEYS = ['x', 'y'] as const
exactly<{ x: unknown; y: unknown }>()(await parallelRequests(urls, { keys: KEYS }))
// @ts-expect-error -- only the given keys exist
void (await parallelRequests(urls, { keys: ['a', 'b'] })).c

// Failure modes.
exactly<string>()(await parallelRequests(url, { returnType: 'text', onFailure: 'throw' }))
exactly<string | null>()(await parallelRequests(url, { returnType: 'text', onFailure: 'null' }))
exactly<Outcome<string>>()(await parallelRequests(url, { returnType: 'text', onFailure: 'settle' }))
exactly<(string | null)[]>()(await parallelRequests(urls, { returnType: 'text', onFailure: 'null' }))
exactly<Outcome<string>[]>()(await parallelRequests(urls, { returnType: 'text', onFailure: 'settle' }))
exactly<Outcome<string>[]>()(await parallelRequests({ urls, returnType: 'text', onFailure: 'settle' }))
exactly<Outcome<string>[]>()(await parallelRequests(generate(), { returnType: 'text', onFailure: 'settle' }))
exactly<{ a: string | null }>()(await parallelRequests([url], { keys: ['a'], returnType: 'text', onFailure: 'null' }))
exactly<{ a: Outcome<string> }>()(
  await parallelRequests([url], { keys: ['a'], returnType: 'text', onFailure: 'settle' }),
)

// `ok` narrows an outcome.
const outcome = await parallelRequests(url, { returnType: 'text', onFailure: 'settle' })
if (outcome.ok) {
  exactly<string>()(outcome.value)
  exactly<number>()(outcome.response.status)
  exactly<undefined>()(outcome.error)
} else {
  exactly<undefined>()(outcome.value)
  exactly<FaultCode>()(outcome.error.code)
  exactly<number | undefined>()(outcome.response?.status)
}
// @ts-expect-error -- not available before `ok` is checked
void outcome.response.status

// The variable that a result is assigned to is checked against the type, and does not determine it.
const named: { a: string; b: string } = await parallelRequests(urls, { keys: ['a', 'b'], returnType: 'text' })
const texts: string[] = await parallelRequests(urls, { returnType: 'text' })
const lengths: number[] = await parallelRequests(urls, { returnType: 'text', parseFunc: async text => text.length })
const asserted: { stars: number }[] = await parallelRequests<{ stars: number }>(urls)
// @ts-expect-error -- the value is unknown
const guessed: string[] = await parallelRequests(urls)
// @ts-expect-error -- the value is unknown
const guessedOne: { stars: number } = await parallelRequests(url)
// @ts-expect-error -- the value is unknown
const guessedKeys: { a: string } = await parallelRequests([url], { keys: ['a'] })
// @ts-expect-error -- null needs its onFailure
const nulls: (string | undefined)[] = await parallelRequests(urls, { returnType: 'text', onFailure: 'null' })
// @ts-expect-error -- outcomes need their onFailure
const outcomes: Outcome[] = await parallelRequests(urls)

export { asserted, guessed, guessedKeys, guessedOne, lengths, named, nulls, outcomes, texts }
