/** With follow-ups, the value of a request is a list: of its items, or of its pages. Compiled, never run. */
import { parallelRequests, ParallelRequests } from 'parallel-requests'
import type { Follow, FollowContext, FollowUps, OkOutcome, Outcome, Pagination, RequestSpec } from 'parallel-requests'
import * as v from 'valibot'
import { exactly } from './exactly.ts'

interface User {
  readonly id: number
}
interface Page {
  readonly users: readonly User[]
  readonly next?: string
}

declare const url: string
declare const urls: string[]
declare const follow: Follow
declare const maybe: Follow | undefined
declare const pagination: Pagination
const UserPage = v.object({ users: v.array(v.object({ id: v.number() })), next: v.nullable(v.string()) })
type Parsed = v.InferOutput<typeof UserPage>
type ParsedUser = Parsed['users'][number]

// With `follow` alone, a list of the values of the pages.
exactly<unknown[]>()(await parallelRequests(url, { follow: () => '/next' }))
exactly<unknown[][]>()(await parallelRequests(urls, { follow: () => '/next' }))
exactly<unknown[][]>()(await parallelRequests(urls, { follow }))
exactly<unknown[][]>()(await parallelRequests(urls, { follow: maybe }))
exactly<unknown[][]>()(await parallelRequests({ urls, follow: () => null }))
exactly<unknown[][]>()(await parallelRequests(new Set(urls), { follow: async () => undefined }))
exactly<string[]>()(await parallelRequests(url, { returnType: 'text', follow: () => [] }))
exactly<{ a: string[]; b: string[] }>()(
  await parallelRequests(urls, { keys: ['a', 'b'], returnType: 'text', follow: () => [] }),
)
exactly<string[]>()(await parallelRequests(urls, { returnType: 'text', follow: () => [], flatten: true }))
exactly<(string[] | null)[]>()(
  await parallelRequests(urls, { returnType: 'text', follow: () => [], onFailure: 'null' }),
)
exactly<Outcome<string[]>[]>()(
  await parallelRequests(urls, { returnType: 'text', follow: () => [], onFailure: 'settle' }),
)

// `follow` gets the value that the schema, `parseFunc` or the return type makes.
exactly<Parsed[]>()(
  await parallelRequests(url, {
    schema: UserPage,
    follow: (outcome, context) => {
      exactly<OkOutcome<Parsed>>()(outcome)
      exactly<FollowContext>()(context)
      return outcome.value.next
    },
  }),
)
exactly<Parsed[]>()(await parallelRequests(url, { follow: ({ value }) => value.next, schema: UserPage }))
exactly<number[]>()(
  await parallelRequests(url, {
    schema: UserPage,
    parseFunc: page => page.users.length,
    follow: ({ value }) => (exactly<number>()(value), undefined),
  }),
)
exactly<number[]>()(
  await parallelRequests(url, {
    follow: ({ value }) => (exactly<number>()(value), undefined),
    parseFunc: () => 1,
  }),
)
exactly<Uint8Array[]>()(
  await parallelRequests(url, {
    returnType: 'content',
    follow: ({ value }) => (exactly<Uint8Array>()(value), '/next'),
  }),
)
exactly<unknown[]>()(await parallelRequests(url, { follow: ({ value }) => (exactly<unknown>()(value), '/next') }))
exactly<unknown[]>()(await parallelRequests(url, { follow: ({ value }: OkOutcome<Page>) => value.next }))
exactly<unknown[]>()(
  await parallelRequests(url, {
    follow: ({ value }: OkOutcome<Page>) => value.users.map(({ id }) => ({ url: `/${id}` })),
  }),
)
// @ts-expect-error -- JSON is unknown without a schema
void parallelRequests(url, { follow: ({ value }) => value.next })
// @ts-expect-error -- the schema has no such field
void parallelRequests(url, { schema: UserPage, follow: ({ value }) => value.after })
// @ts-expect-error -- a number is no request
void parallelRequests(url, { follow: () => 7 })
// @ts-expect-error -- the URL is missing
void parallelRequests(url, { follow: () => ({ method: 'POST' }) })
// parseFunc comes first, because the function after it gets its value.
// @ts-expect-error -- here follow is typed with the text
void parallelRequests(url, { returnType: 'text', follow: ({ value }) => value.trim(), parseFunc: text => text.length })

// `items` as a function types the items, as an expression it does not.
exactly<unknown[]>()(await parallelRequests(url, { items: 'users' }))
exactly<unknown[][]>()(await parallelRequests(urls, { items: 'users', follow: () => '/next' }))
exactly<unknown[]>()(await parallelRequests(urls, { schema: UserPage, items: 'users', flatten: true }))
exactly<ParsedUser[]>()(await parallelRequests(url, { schema: UserPage, items: page => page.users }))
exactly<ParsedUser[][]>()(
  await parallelRequests(urls, {
    schema: UserPage,
    items: ({ users }) => users,
    until: user => user.id > 9,
    follow: ({ value }) => value.next,
  }),
)
exactly<User[]>()(await parallelRequests(urls, { items: (page: Page) => page.users, flatten: true }))
exactly<User[]>()(await parallelRequests(url, { items: (page: Page | null) => page?.users }))
exactly<string[]>()(
  await parallelRequests(url, { returnType: 'text', items: text => (exactly<string>()(text), text.split('\n')) }),
)
exactly<(User[] | null)[]>()(await parallelRequests(urls, { items: (page: Page) => page.users, onFailure: 'null' }))
exactly<Outcome<User[]>[]>()(await parallelRequests({ urls, items: (page: Page) => page.users, onFailure: 'settle' }))
exactly<{ a: User[] }>()(await parallelRequests([url], { keys: ['a'], items: (page: Page) => page.users }))
exactly<unknown[]>()(
  await parallelRequests(url, { items: 'users', until: item => (exactly<unknown>()(item), item === null) }),
)
// @ts-expect-error -- a number is no list
void parallelRequests(url, { items: () => 7 })
// @ts-expect-error -- the item has no such field
void parallelRequests(url, { items: (page: Page) => page.users, until: user => user.name === 'x' })

// `paginate`.
exactly<unknown[]>()(await parallelRequests(url, { paginate: 'link' }))
exactly<unknown[][]>()(await parallelRequests(urls, { paginate: pagination }))
exactly<Parsed[]>()(await parallelRequests(url, { paginate: 'auto', schema: UserPage }))
exactly<ParsedUser[]>()(await parallelRequests(url, { schema: UserPage, paginate: 'auto', items: page => page.users }))
exactly<ParsedUser[]>()(
  await parallelRequests(url, { schema: UserPage, paginate: { style: 'offset', items: page => page.users } }),
)
exactly<unknown[]>()(
  await parallelRequests(url, { schema: UserPage, paginate: { style: 'offset', items: 'users', total: 'count' } }),
)
exactly<Parsed[]>()(
  await parallelRequests(url, { schema: UserPage, paginate: { style: 'cursor', next: 'next', param: 'after' } }),
)
exactly<unknown[]>()(
  await parallelRequests(url, { paginate: { style: 'cursor', next: value => (exactly<unknown>()(value), '') } }),
)
// @ts-expect-error -- no such style
void parallelRequests(url, { paginate: 'keyset' })
// @ts-expect-error -- no such style
void parallelRequests(url, { paginate: { style: 'keyset' } })
// @ts-expect-error -- no such field
void parallelRequests(url, { paginate: { style: 'link', nxt: 'a' } })

// Flat lists without follow-ups.
exactly<string[]>()(await parallelRequests(urls, { returnType: 'text', flatten: true }))
exactly<number[]>()(await parallelRequests(urls, { parseFunc: () => [1], flatten: true }))
exactly<unknown[]>()(await parallelRequests(urls, { flatten: true }))
exactly<string[]>()(await parallelRequests(urls, { returnType: 'text', flatten: false }))

// Requests with follow-ups of their own.
exactly<[unknown[], unknown]>()(await parallelRequests([{ url, follow: () => '/next' }, url]))
exactly<[User[], Parsed[]]>()(
  await parallelRequests([{ url, items: (page: Page) => page.users }, url], { schema: UserPage, follow: () => null }),
)
exactly<unknown[]>()(await parallelRequests({ url, items: 'users' }))
exactly<Parsed[]>()(await parallelRequests({ url, schema: UserPage, paginate: 'link' }))
exactly<Outcome<User[]>>()(
  await parallelRequests(
    { url, paginate: { style: 'link', items: (page: Page) => page.users } },
    { onFailure: 'settle' },
  ),
)
exactly<unknown[][]>()(await parallelRequests(urls.map(item => ({ url: item, follow }))))
exactly<unknown[]>()(await parallelRequests([{ url }] as RequestSpec[]))
void parallelRequests({ url, follow: ({ value }) => (exactly<unknown>()(value), undefined) })

// The type is asserted: that of an item with `items`, else that of a page.
exactly<Page[]>()(await parallelRequests<Page>(url, { follow: ({ value }) => value.next }))
exactly<Page[][]>()(await parallelRequests<Page>(urls, { follow: ({ value }) => value.next }))
exactly<Page[][]>()(await parallelRequests<Page>({ urls, follow: ({ value }: OkOutcome<Page>) => value.next }))
exactly<Page[]>()(await parallelRequests<Page>(urls, { follow: ({ value }) => value.next, flatten: true }))
exactly<Page[] | null>()(await parallelRequests<Page>(url, { follow, onFailure: 'null' }))
exactly<(Page[] | null)[]>()(await parallelRequests<Page>(urls, { follow, onFailure: 'null' }))
exactly<Outcome<Page[]>[]>()(await parallelRequests<Page>(urls, { follow, onFailure: 'settle' }))
exactly<Record<string, Page[]>>()(await parallelRequests<Page>(urls, { keys: ['a'], follow }))
exactly<Page[]>()(await parallelRequests<Page>(url, { paginate: 'link' }))
exactly<User[]>()(await parallelRequests<User>(url, { paginate: 'link', items: 'users' }))
exactly<User[][]>()(await parallelRequests<User>(urls, { paginate: { style: 'link', items: 'users' } }))
exactly<User[]>()(await parallelRequests<User>(url, { items: 'users', until: ({ id }) => id > 9 }))
exactly<User[]>()(
  await parallelRequests<User>(url, { items: 'users', follow: ({ value }) => (exactly<unknown>()(value), '/next') }),
)
exactly<User[]>()(await parallelRequests<User>(urls, { items: 'users', flatten: true }))
exactly<Record<string, User[]>>()(await parallelRequests<User>(urls, { items: 'users', keys: urls }))
// @ts-expect-error -- until needs items
void parallelRequests<User>(url, { until: () => true })

// A stream yields pages.
await using client = new ParallelRequests()
for await (const outcome of client.stream(urls, { schema: UserPage, follow: ({ value }) => value.next })) {
  exactly<Outcome<Parsed>>()(outcome)
  exactly<string | undefined>()(outcome.parent)
}
for await (const outcome of client.stream(urls, { schema: UserPage, items: page => page.users })) {
  exactly<Outcome<Parsed, unknown, ParsedUser>>()(outcome)
  if (outcome.ok) exactly<readonly ParsedUser[] | undefined>()(outcome.items)
}
for await (const outcome of client.stream(urls, { items: 'users', paginate: 'link' })) {
  if (outcome.ok) exactly<readonly unknown[] | undefined>()(outcome.items)
}
for await (const outcome of client.stream<Page>(urls, { follow: ({ value }) => value.next })) {
  exactly<Outcome<Page>>()(outcome)
}
for await (const outcome of client.stream<User>(urls, { items: 'users', until: ({ id }) => id > 9 })) {
  if (outcome.ok) exactly<readonly User[] | undefined>()(outcome.items)
}
void client.drain(urls, { items: 'users', follow: ({ value }: OkOutcome<Page>) => value.next })

export type Ups = FollowUps
