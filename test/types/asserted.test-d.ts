/**
 * `parallelRequests<Repo>(…)` asserts the type of the JSON, for every shape, failure mode and form. Compiled, never
 * run.
 */
import { parallelRequests, ParallelRequests } from 'parallel-requests'
import type { Outcome } from 'parallel-requests'
import { exactly } from './exactly.ts'

/** Has a `url`, like the objects of many APIs. It must not be taken for a request. */
interface Repo {
  readonly url: string
  readonly stars: number
}

declare const url: string
declare const urls: string[]
declare function generate(): AsyncGenerator<string>

exactly<Repo>()(await parallelRequests<Repo>(url))
exactly<Repo>()(await parallelRequests<Repo>(new URL(url)))
exactly<Repo>()(await parallelRequests<Repo>({ url, method: 'POST', json: {} }))
exactly<Repo>()(await parallelRequests<Repo>({ urls: url }))
exactly<Repo | null>()(await parallelRequests<Repo>(url, { onFailure: 'null' }))
exactly<Repo | null>()(await parallelRequests<Repo>({ urls: url, onFailure: 'null' }))
exactly<Outcome<Repo>>()(await parallelRequests<Repo>(url, { onFailure: 'settle' }))
exactly<Outcome<Repo>>()(await parallelRequests<Repo>({ urls: url, onFailure: 'settle' }))

exactly<Repo[]>()(await parallelRequests<Repo>(urls))
exactly<Repo[]>()(await parallelRequests<Repo>(urls, { concurrency: 3, onFailure: 'throw', returnType: 'json' }))
exactly<Repo[]>()(await parallelRequests<Repo>({ urls, concurrency: 3 }))
exactly<Repo[]>()(await parallelRequests<Repo>(new Set(urls)))
exactly<Repo[]>()(await parallelRequests<Repo>(generate()))
exactly<Repo[]>()(await parallelRequests<Repo>([{ url, key: 'a' }, new URL(url), url]))
exactly<(Repo | null)[]>()(await parallelRequests<Repo>(urls, { onFailure: 'null' }))
exactly<(Repo | null)[]>()(await parallelRequests<Repo>({ urls, onFailure: 'null' }))
exactly<Outcome<Repo>[]>()(await parallelRequests<Repo>(urls, { onFailure: 'settle' }))
exactly<Outcome<Repo>[]>()(await parallelRequests<Repo>({ urls, onFailure: 'settle' }))

exactly<Record<string, Repo>>()(await parallelRequests<Repo>(urls, { keys: ['a', 'b'] }))
exactly<Record<string, Repo>>()(await parallelRequests<Repo>({ urls, keys: ['a', 'b'] }))
exactly<Record<string, Repo | null>>()(await parallelRequests<Repo>(urls, { keys: ['a'], onFailure: 'null' }))
exactly<Record<string, Repo | null>>()(await parallelRequests<Repo>({ urls, keys: ['a'], onFailure: 'null' }))
exactly<Record<string, Outcome<Repo>>>()(await parallelRequests<Repo>(urls, { keys: ['a'], onFailure: 'settle' }))
exactly<Record<string, Outcome<Repo>>>()(await parallelRequests<Repo>({ urls, keys: ['a'], onFailure: 'settle' }))

// The keys stay literal if they are named, too, and must then be the given ones.
exactly<{ a: Repo; b: Repo }>()(await parallelRequests<Repo, ['a', 'b']>(urls, { keys: ['a', 'b'] }))
exactly<{ a: Repo; b: Repo }>()(await parallelRequests<Repo, ['a', 'b']>({ urls, keys: ['a', 'b'] }))
exactly<{ a: Repo | null }>()(await parallelRequests<Repo, ['a']>(urls, { keys: ['a'], onFailure: 'null' }))
exactly<{ a: Outcome<Repo> }>()(await parallelRequests<Repo, ['a']>(urls, { keys: ['a'], onFailure: 'settle' }))
const names = ['a', 'b'] as const
exactly<{ a: Repo; b: Repo }>()(await parallelRequests<Repo, typeof names>(urls, { keys: names }))
// @ts-expect-error -- a key is missing
void parallelRequests<Repo, ['a', 'b']>(urls, { keys: ['a'] })
// @ts-expect-error -- another key
void parallelRequests<Repo, ['a']>(urls, { keys: ['b'] })
// @ts-expect-error -- without keys, the result is a list
void parallelRequests<Repo, ['a']>(urls)
// Without names, TypeScript infers the keys, and parseFunc has the type.
exactly<{ a: Repo; b: Repo }>()(await parallelRequests(urls, { keys: ['a', 'b'], parseFunc: (repo: Repo) => repo }))

// Types that would also be valid inputs.
exactly<string>()(await parallelRequests<string>(url))
exactly<string[]>()(await parallelRequests<string>(urls))
exactly<string[][]>()(await parallelRequests<string[]>(urls))
exactly<{ url: string }>()(await parallelRequests<{ url: string }>({ url }))

await using client = new ParallelRequests({ concurrency: 5 })
exactly<Repo>()(await client.request<Repo>(url))
exactly<Repo[]>()(await client.request<Repo>({ urls, headers: { accept: 'application/json' } }))
exactly<(string | null)[]>()(await client.request<string>(urls, { onFailure: 'null' }))
exactly<Record<string, Repo>>()(await client.request<Repo>(urls, { keys: ['a', 'b'] }))
for await (const outcome of client.stream<Repo>(generate())) exactly<Outcome<Repo>>()(outcome)

// @ts-expect-error -- 'text' already has a type, and it is not Repo
void parallelRequests<Repo>(urls, { returnType: 'text' })
// @ts-expect-error -- the schema decides the type
void parallelRequests<Repo>(urls, { schema: {} })
// @ts-expect-error -- parseFunc decides the type
void parallelRequests<Repo>(urls, { parseFunc: () => 1 })
// @ts-expect-error -- at most one type argument
void parallelRequests<Repo, string>(urls)
