/**
 * The type of a value follows from `returnType`, `schema` and `parseFunc`, in the options or in a request. Compiled,
 * never run.
 */
import { isAbortError, parallelRequests, ReturnType } from 'parallel-requests'
import type {
  FullResponse,
  Outcome,
  PartialFailureError,
  ReturnTypeName,
  SavedFile,
  Schema,
  ServerEvent,
} from 'parallel-requests'
import * as v from 'valibot'
import { exactly } from './exactly.ts'

interface Repo {
  readonly url: string
  readonly stars: number
}

declare const url: string
declare const urls: string[]
declare const returnType: ReturnTypeName
declare const meta: { id: number }
const RepoSchema = v.object({ name: v.string(), stars: v.number() })
const Stars = v.pipe(
  v.object({ stars: v.number() }),
  v.transform(repo => repo.stars),
)
const Slow = v.pipeAsync(
  v.string(),
  v.transformAsync(async text => text.length),
)

// Return types, as constants and as strings.
exactly<unknown[]>()(await parallelRequests(urls, { returnType: 'json' }))
exactly<string[]>()(await parallelRequests(urls, { returnType: 'text' }))
exactly<string[]>()(await parallelRequests(urls, { returnType: ReturnType.TEXT }))
exactly<Uint8Array[]>()(await parallelRequests(urls, { returnType: 'content' }))
exactly<Uint8Array>()(await parallelRequests(url, { returnType: ReturnType.CONTENT }))
exactly<FullResponse[]>()(await parallelRequests(urls, { returnType: 'response' }))
exactly<number[]>()(
  await parallelRequests(urls, { returnType: 'stream', onChunk: chunk => exactly<Uint8Array>()(chunk) }),
)
exactly<number>()(
  await parallelRequests(url, {
    returnType: ReturnType.STREAM,
    onChunk: (_chunk, { url: from }) => exactly<string>()(from),
  }),
)
exactly<number[]>()(await parallelRequests(urls, { returnType: 'ndjson', onItem: item => exactly<unknown>()(item) }))
exactly<number>()(
  await parallelRequests(url, {
    returnType: ReturnType.NDJSON,
    schema: RepoSchema,
    onItem: (item, { url: from }) => (exactly<{ name: string; stars: number }>()(item), exactly<string>()(from)),
  }),
)
exactly<number[]>()(await parallelRequests(urls, { returnType: 'sse', onItem: item => exactly<ServerEvent>()(item) }))
exactly<number>()(
  await parallelRequests(url, {
    onItem: ({ event, data, id }) => (exactly<string>()(event), exactly<number>()(data), exactly<string>()(id)),
    schema: Stars,
    returnType: ReturnType.SSE,
  }),
)
exactly<string[]>()(
  await parallelRequests(urls, {
    returnType: 'ndjson',
    schema: RepoSchema,
    onItem: item => void item.name,
    parseFunc: count => (exactly<number>()(count), `${count}`),
  }),
)
exactly<[number, string]>()(
  await parallelRequests(
    [
      { url, returnType: 'ndjson' },
      { url, returnType: 'text' },
    ],
    { onItem: () => undefined },
  ),
)
// @ts-expect-error -- the output of the schema has no such field
void parallelRequests(urls, { returnType: 'ndjson', schema: RepoSchema, onItem: item => item.forks })
// @ts-expect-error -- lines are unknown without a schema
void parallelRequests(urls, { returnType: 'ndjson', onItem: item => item.name })
exactly<SavedFile[]>()(await parallelRequests(urls, { returnType: 'file', saveTo: './downloads' }))
exactly<SavedFile>()(
  await parallelRequests(url, {
    returnType: ReturnType.FILE,
    saveTo: ({ index, key, url: from }) => `${key ?? index}${from}`,
  }),
)
exactly<[SavedFile, unknown]>()(
  await parallelRequests([{ url, returnType: 'file', saveTo: './downloads', checksum: 'md5:00' }, url]),
)
exactly<FullResponse>()(await parallelRequests({ urls: url, returnType: ReturnType.RESPONSE }))
exactly<unknown[]>()(await parallelRequests(urls, { returnType }))

// A schema gives its output type.
exactly<{ name: string; stars: number }[]>()(await parallelRequests(urls, { schema: RepoSchema }))
exactly<number[]>()(await parallelRequests(urls, { schema: Stars }))
exactly<number>()(await parallelRequests(url, { returnType: 'text', schema: Slow }))
exactly<number | null>()(await parallelRequests(url, { schema: Stars, onFailure: 'null' }))
exactly<Outcome<number>[]>()(await parallelRequests({ urls, schema: Stars, onFailure: 'settle' }))
declare const dated: Schema<Date>
exactly<Date[]>()(await parallelRequests(urls, { schema: dated }))

// parseFunc gives its awaited result.
exactly<number[]>()(await parallelRequests(urls, { parseFunc: () => 1 }))
exactly<number[]>()(await parallelRequests(urls, { parseFunc: async () => 1 }))
exactly<number | null>()(await parallelRequests(url, { parseFunc: () => Promise.resolve(1), onFailure: 'null' }))
exactly<Outcome<number>[]>()(await parallelRequests(urls, { onFailure: 'settle', parseFunc: async () => 1 }))
exactly<{ stars: number }[]>()(await parallelRequests(urls, { parseFunc: (repo: Repo) => ({ stars: repo.stars }) }))
exactly<{ stars: number }[]>()(
  await parallelRequests({
    urls,
    async parseFunc(repo: Repo) {
      return { stars: repo.stars }
    },
  }),
)

// The parameter of parseFunc comes from the return type or the schema, whichever order the fields have.
exactly<number[]>()(
  await parallelRequests(urls, {
    parseFunc: (value, context) => {
      exactly<unknown>()(value)
      exactly<number>()(context.index)
      exactly<number>()(context.response.status)
      return 1
    },
  }),
)
exactly<number[]>()(
  await parallelRequests(urls, { returnType: 'text', parseFunc: text => (exactly<string>()(text), text.length) }),
)
exactly<number[]>()(
  await parallelRequests(urls, { parseFunc: text => (exactly<string>()(text), text.length), returnType: 'text' }),
)
exactly<number[]>()(
  await parallelRequests(urls, { returnType: 'response', parseFunc: async response => response.status }),
)
exactly<string[]>()(await parallelRequests(urls, { schema: RepoSchema, parseFunc: repo => repo.name }))
exactly<string[]>()(await parallelRequests(urls, { schema: RepoSchema, parseFunc: async repo => repo.name }))
exactly<number[]>()(await parallelRequests({ urls, schema: Stars, parseFunc: stars => stars * 2 }))

// @ts-expect-error -- text is not a number
void parallelRequests(urls, { returnType: 'text', parseFunc: (value: number) => value })
// @ts-expect-error -- the output of the schema has no such field
void parallelRequests(urls, { schema: RepoSchema, parseFunc: repo => repo.forks })
// @ts-expect-error -- JSON is unknown without a schema
void parallelRequests(urls, { parseFunc: repo => repo.stars })

// Requests that set their own type make the array a tuple.
exactly<[number, string, unknown]>()(await parallelRequests([{ url, schema: Stars }, { url, returnType: 'text' }, url]))
// `parseFunc` of the options gets the value that a request's own return type gives.
exactly<number[]>()(
  await parallelRequests([{ url, returnType: 'text' }, url] as (string | { url: string; returnType: 'text' })[], {
    parseFunc: () => 7,
  }),
)
exactly<[number, { name: string; stars: number }]>()(
  await parallelRequests([
    { url, schema: Stars },
    { url, schema: RepoSchema },
  ]),
)
exactly<[number | null, FullResponse | null]>()(
  await parallelRequests(
    [
      { url, schema: Stars },
      { url, returnType: 'response' },
    ],
    { onFailure: 'null' },
  ),
)
exactly<[Outcome<number>, Outcome<Uint8Array>]>()(
  await parallelRequests(
    [
      { url, schema: Stars },
      { url, returnType: 'content' },
    ],
    { onFailure: 'settle' },
  ),
)
exactly<[number, string]>()(
  await parallelRequests({ urls: [{ url, parseFunc: async (repo: Repo) => repo.stars }, url], returnType: 'text' }),
)
exactly<number>()(await parallelRequests({ url, schema: Stars }))
exactly<number[]>()(await parallelRequests(urls.map(item => ({ url: item, schema: Stars }))))
exactly<string[]>()(
  await parallelRequests(
    urls.map(item => ({ url: item })),
    { returnType: 'text' },
  ),
)

// meta comes back with its type.
const settled = await parallelRequests([{ url, meta }], { onFailure: 'settle' })
exactly<Outcome<unknown, { id: number }>[]>()(settled)
exactly<number[]>()(settled.map(outcome => outcome.request.meta.id))
exactly<Outcome<number, 'mine'>>()(
  await parallelRequests({ url, schema: Stars, meta: 'mine' }, { onFailure: 'settle' }),
)
exactly<{ a: Outcome<unknown, 1> }>()(await parallelRequests([{ url, meta: 1 }], { keys: ['a'], onFailure: 'settle' }))

// Errors carry typed outcomes.
declare const partial: PartialFailureError<number>
exactly<readonly Outcome<number>[]>()(partial.outcomes)
exactly<readonly (number | undefined)[]>()(partial.values)
exactly<string[]>()(partial.failedUrls())
declare const caught: unknown
if (isAbortError(caught)) exactly<readonly Outcome[] | undefined>()(caught.outcomes)
