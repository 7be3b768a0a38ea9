/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The result type of a call. The type of a value follows from `schema`, `parseFunc` or `returnType`, the shape from the
 * input and `keys`, and the type of a failure from `onFailure`.
 */
import type {
  Flat,
  FollowAsserted,
  Items,
  ItemsAsserted,
  ItemsOrUnset,
  ListOf,
  Listed,
  ListedBy,
  ListedOf,
  NextOrUnset,
  NoPages,
  OutcomeItem,
  OwnPages,
  PageOptions,
} from './infer-pages.ts'
import type { FullResponse } from '../codec/response.ts'
import type { FollowUps } from '../core/follow.ts'
import type { ClientSettings, DrainOptions, FailureMode, RequestOptions, StreamOptions } from '../core/options.ts'
import type { Outcome } from '../core/outcome.ts'
import type { PageStyle } from '../core/pagination.ts'
import type { Statistics } from '../core/statistics.ts'
import type {
  FetchRequest,
  ParseContext,
  RequestSpec,
  RequestView,
  ReturnTypeName,
  SavedFile,
  Schema,
  ServerEvent,
} from '../core/spec.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A URL, a request, or a `Request` of fetch. */
export type RequestInput = string | URL | RequestSpec | FetchRequest
/** Any number of requests. `object`, because a string is iterable, too. */
export type RequestInputs = object & (Iterable<RequestInput> | AsyncIterable<RequestInput>)

/** Marks a type argument that was not given. */
declare const unset: unique symbol
export type Unset = typeof unset

/** The type of a body before `schema` and `parseFunc`, by return type. */
export interface RawValues {
  json: unknown
  text: string
  auto: unknown
  content: Uint8Array
  response: FullResponse
  /** Number of bytes passed to `onChunk`. */
  stream: number
  /** Number of items passed to `onItem`. */
  ndjson: number
  /** Number of events passed to `onItem`. */
  sse: number
  file: SavedFile
}

/**
 * The return type of a call that names none. All values, so that an editor offers all of them where none is written yet,
 * and the mark.
 */
export type AnyReturnType = keyof RawValues | Unset

/** The same for `onFailure`. */
export type AnyFailureMode = 'throw' | 'null' | 'settle' | Unset

/** The return type that counts. */
type ReturnTypeOf<R extends AnyReturnType> = Unset extends R ? 'json' : Exclude<R, Unset>

/** The failure mode that counts. */
type FailureModeOf<F extends AnyFailureMode> = Unset extends F ? 'throw' : Exclude<F, Unset>

/** The argument of `parseFunc`. */
export type ParseInput<R extends AnyReturnType, S> = ParseInputOf<ReturnTypeOf<R>, S>

type ParseInputOf<R extends ReturnTypeName, S> = R extends 'ndjson' | 'sse'
  ? number
  : S extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<S>
    : RawValues[R]

/** The first argument of `onItem`. */
export type ItemInput<R extends AnyReturnType, S> = R extends 'sse'
  ? ServerEvent<S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : string>
  : R extends 'ndjson'
    ? S extends StandardSchemaV1
      ? StandardSchemaV1.InferOutput<S>
      : unknown
    : unknown

/** The options that shape the value of each request. */
export interface ValueOptions<R extends AnyReturnType, S extends Schema | undefined, V> {
  /**
   * Turns the body into a value: `'json'`, `'text'`, `'content'`, `'response'`, `'auto'`, `'file'`, `'stream'`,
   * `'ndjson'` or `'sse'`; see {@link ReturnTypeName}. Default `'json'`.
   *
   * @example returnType: 'text'
   */
  returnType?: (R & keyof RawValues) | undefined
  /**
   * A Standard Schema that checks and types the value; with `'ndjson'` and `'sse'`, each item. Fails with
   * `schema/mismatch`. Default none.
   *
   * @example schema: v.object({ name: v.string() })
   */
  schema?: S | undefined
  /**
   * Makes the value, after the schema has checked it. May be async. A throw fails its request with `callback/parse`.
   * Default none.
   *
   * @example parseFunc: (repo, { response }) => ({ repo, etag: response.headers.get('etag') })
   */
  parseFunc?(value: ParseInput<R, S>, context: ParseContext): V
  /**
   * With `returnType: 'ndjson'` and `'sse'`: gets each item of a successful response while the body arrives, in order,
   * and the request. The next item waits until the function is done; back-pressure slows the server down, and the time
   * limits of the attempt do not count that time. Once an item has been delivered, the request is not retried. A throw
   * fails the request with `callback/on_item`, an item that `schema` refuses with `schema/mismatch`. Default none;
   * required with `'ndjson'` and `'sse'`.
   *
   * @example onItem: (row, { url }) => table.insert(url, row)
   */
  onItem?(item: ItemInput<R, S>, request: RequestView): unknown
}

/** The options that shape the result of a batch. */
export interface ShapeOptions<K extends readonly string[], F extends AnyFailureMode, L extends boolean = boolean> {
  /**
   * One name per URL; the result is an object with exactly these keys. Default none: a list.
   *
   * @example keys: ['node', 'deno']
   */
  keys?: K | undefined
  /**
   * What a failed request does to the result. `'throw'` (default) rejects with one error for the batch, `'null'` gives
   * null for each failure, `'settle'` gives an outcome for every request.
   *
   * @example onFailure: 'settle'
   */
  onFailure?: (F & ('throw' | 'null' | 'settle')) | undefined
  /**
   * One list with the items of all requests, in order, instead of a list per request. Without follow-ups, values that
   * are lists are joined, and other values become items. Default false. Not with `keys`, and only with `onFailure:
   * 'throw'`.
   *
   * @example paginate: 'link', items: 'data', flatten: true
   */
  flatten?: L | undefined
}

/** All options of one `client.request()`. */
export type CallOptions<
  R extends AnyReturnType = ReturnTypeName,
  S extends Schema | undefined = Schema | undefined,
  V = unknown,
  K extends readonly string[] = readonly string[],
  F extends AnyFailureMode = FailureMode,
  L extends boolean = boolean,
  Next = FollowUps | PromiseLike<FollowUps>,
  Text extends string = string,
  List = Items,
  Style extends PageStyle = PageStyle,
> = RequestOptions &
  ValueOptions<R, S, V> &
  ShapeOptions<K, F, L> &
  PageOptions<OptionValue<R, S, NoInfer<V>>, Next, Text, List, Style>

/** The options of the client that a one-shot call makes; it takes them besides its own. */
export type OneShotExtra = ClientSettings

/** All options of one `parallelRequests()`. */
export type BatchOptions = OneShotExtra & CallOptions

/** All options of one `client.stream()`. */
export type StreamCallOptions<
  R extends AnyReturnType = ReturnTypeName,
  S extends Schema | undefined = Schema | undefined,
  V = unknown,
  Next = FollowUps | PromiseLike<FollowUps>,
  Text extends string = string,
  List = Items,
  Style extends PageStyle = PageStyle,
> = StreamOptions & ValueOptions<R, S, V> & PageOptions<OptionValue<R, S, NoInfer<V>>, Next, Text, List, Style>

/** All options of one `client.drain()`. `Value`: what the sink gets as the value of an outcome. */
export type BatchDrainOptions<
  R extends AnyReturnType = ReturnTypeName,
  S extends Schema | undefined = Schema | undefined,
  V = unknown,
  Value = unknown,
> = DrainOptions<Value> &
  ValueOptions<R, S, V> &
  PageOptions<unknown, FollowUps | PromiseLike<FollowUps>, string, Items, PageStyle>

/** The value that a sink of `client.drain()` gets. */
export type DrainedValue<I, R extends AnyReturnType, S, V> = ItemValue<ItemOf<I>, OptionValue<R, S, V>, V>

/** The value of a request that has no options of its own for it. */
export type OptionValue<R extends AnyReturnType, S, V> = [V] extends [Unset] ? ParseInput<R, S> : Awaited<V>

/**
 * The value of one item: from its own `parseFunc`, else from the `parseFunc` of the options (`V`), else from its own
 * schema or return type, else as for every request.
 */
export type ItemValue<Item, Default, V> = Item extends string | URL
  ? Default
  : Item extends { parseFunc(...args: never): infer Own }
    ? Awaited<Own>
    : [V] extends [Unset]
      ? Item extends { schema: infer S extends StandardSchemaV1 }
        ? StandardSchemaV1.InferOutput<S>
        : Item extends { returnType: infer R extends ReturnTypeName }
          ? RawValues[R]
          : Default
      : Awaited<V>

export type ItemMeta<Item> = Item extends { meta: infer M } ? M : undefined

/** Whether an item has options of its own for its value. */
type HasOwnValue<Item> = Item extends string | URL
  ? false
  : Item extends { parseFunc: unknown } | { schema: unknown } | { returnType: unknown } | OwnPages
    ? true
    : false

/** The entry of one request in the result. */
export type Settled<T, F extends FailureMode, M = unknown> = F extends 'settle'
  ? Outcome<T, M>
  : F extends 'null'
    ? T | null
    : T

type MetaOf<Item> = [ItemMeta<Item>] extends [undefined] ? unknown : ItemMeta<Item>

type ItemOf<I> = I extends Iterable<infer T> ? T : I extends AsyncIterable<infer T> ? T : never

/** The value of one item, with what follows from it. */
type RootValue<Item, D, V, P extends Listed> = ListOf<ItemValue<Item, D, V>, ListedOf<Item, P>>

type Entry<Item, D, F extends FailureMode, V, P extends Listed> = Settled<RootValue<Item, D, V, P>, F, MetaOf<Item>>

/** The result of a call, by its input, keys and failure mode; `P` and `L` say how follow-ups shape it. */
export type BatchResult<
  I,
  D,
  K extends readonly string[],
  F extends FailureMode,
  V,
  P extends Listed,
  L extends boolean,
> = I extends RequestInput
  ? Entry<I, D, F, V, P>
  : [K] extends [never]
    ? true extends L
      ? Flat<RootValue<ItemOf<I>, D, V, P>>[]
      : ListResult<I, D, F, V, P>
    : { [Key in K[number]]: Entry<ItemOf<I>, D, F, V, P> }

type ListResult<I, D, F extends FailureMode, V, P extends Listed> = I extends readonly unknown[]
  ? true extends HasOwnValue<I[number]>
    ? { -readonly [N in keyof I]: Entry<I[N], D, F, V, P> }
    : Settled<ListOf<D, P>, F, MetaOf<I[number]>>[]
  : Entry<ItemOf<I>, D, F, V, P>[]

/** What a stream yields for items of this kind. */
export type StreamOutcome<I, D, V, P extends Listed> = Outcome<
  ItemValue<ItemOf<I>, D, V>,
  MetaOf<ItemOf<I>>,
  OutcomeItem<ListedOf<ItemOf<I>, P>>
>

type SyncOrAsync<Sync extends boolean, T> = Sync extends true ? T : Promise<T>

/** Either form of a call: `(input, options)`, or everything in one object. */
type CallArgs<I, O> = [input: I, options?: O] | [options: O & { urls: I }]

/** The same for options that must be given. */
type KeyedArgs<I, O> = [input: I, options: O] | [options: O & { urls: I }]

/** Options of a call whose value type is asserted: no other option may set the type. */
type Asserted<Extra, F, Following = NoPages> = Extra &
  RequestOptions & { returnType?: 'json' | undefined; schema?: undefined; parseFunc?: undefined } & F &
  Following

type Throws = { keys?: undefined; onFailure?: 'throw' | undefined; flatten?: false | undefined }
type Nulls = { keys?: undefined; onFailure: 'null'; flatten?: false | undefined }
type Settles = { keys?: undefined; onFailure: 'settle'; flatten?: false | undefined }
type Flattens = { keys?: undefined; onFailure?: 'throw' | undefined; flatten: true }
type Keyed<F, K extends readonly string[] = readonly string[]> = Omit<F, 'keys'> & { keys: K }

/**
 * The forms of a call. The first two infer everything; `call<Repo>(…)` asserts the type of the JSON in every shape.
 * `_Inferred` separates the two kinds: a form that infers needs more than one type argument. Otherwise
 * `call<string>(…)` would match it, with `string` as the type of the input.
 *
 * `Extra`: the options that this form takes besides, of a client or none.
 */
export interface RequestCall<Extra, Sync extends boolean = false> {
  /**
   * Sends a batch and waits for all of it. One URL in, one value out; a list in, a list out in its order; with `keys`, an
   * object.
   *
   * The types of the values follow from `schema`, `parseFunc` and `returnType`; JSON without them is `unknown`.
   *
   * @throws ConfigError (a mistake in the options), PartialFailureError (some requests failed), RequestError (the only
   * request failed), AbortError (the signal was aborted), InputError (the input threw; the error has the outcomes)
   * @example const values = await client.request(urls, { onFailure: 'null' })
   * @example const { node, deno } = await client.request([nodeUrl, denoUrl], { keys: ['node', 'deno'], schema: Repo })
   */
  <
    _Inferred extends 0,
    const I extends RequestInput | RequestInputs,
    R extends AnyReturnType = AnyReturnType,
    S extends Schema | undefined = undefined,
    V = Unset,
    Next extends NextOrUnset = Unset,
    const Text extends string = never,
    List extends ItemsOrUnset = Unset,
    Style extends PageStyle = never,
    const K extends readonly string[] = never,
    F extends AnyFailureMode = AnyFailureMode,
    L extends boolean = false,
  >(
    input: I,
    options?: Extra & CallOptions<R, S, V, K, F, L, Next, Text, List, Style>,
  ): SyncOrAsync<
    Sync,
    BatchResult<I, OptionValue<R, S, NoInfer<V>>, K, FailureModeOf<F>, NoInfer<V>, ListedBy<Next, Text, List, Style>, L>
  >
  /**
   * Sends a batch and waits for all of it. One URL in, one value out; a list in, a list out in its order; with `keys`, an
   * object.
   *
   * The types of the values follow from `schema`, `parseFunc` and `returnType`; JSON without them is `unknown`.
   *
   * @throws ConfigError (a mistake in the options), PartialFailureError (some requests failed), RequestError (the only
   * request failed), AbortError (the signal was aborted), InputError (the input threw; the error has the outcomes)
   * @example const values = await client.request(urls, { onFailure: 'null' })
   * @example const { node, deno } = await client.request([nodeUrl, denoUrl], { keys: ['node', 'deno'], schema: Repo })
   */
  <
    _Inferred extends 0,
    const I extends RequestInput | RequestInputs,
    R extends AnyReturnType = AnyReturnType,
    S extends Schema | undefined = undefined,
    V = Unset,
    Next extends NextOrUnset = Unset,
    const Text extends string = never,
    List extends ItemsOrUnset = Unset,
    Style extends PageStyle = never,
    const K extends readonly string[] = never,
    F extends AnyFailureMode = AnyFailureMode,
    L extends boolean = false,
  >(
    options: Extra & CallOptions<R, S, V, K, F, L, Next, Text, List, Style> & { urls: I },
  ): SyncOrAsync<
    Sync,
    BatchResult<I, OptionValue<R, S, NoInfer<V>>, K, FailureModeOf<F>, NoInfer<V>, ListedBy<Next, Text, List, Style>, L>
  >

  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repo = await client.request<Repo>(url)
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Throws>>): SyncOrAsync<Sync, T>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repo = await client.request<Repo>(url, { onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Nulls>>): SyncOrAsync<Sync, T | null>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcome = await client.request<Repo>(url, { onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Settles>>): SyncOrAsync<Sync, Outcome<T>>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls)
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Throws>>): SyncOrAsync<Sync, T[]>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Nulls>>): SyncOrAsync<Sync, (T | null)[]>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Settles>>): SyncOrAsync<Sync, Outcome<T>[]>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { keys: ['node', 'deno'] })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Throws>>>): SyncOrAsync<Sync, Record<string, T>>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { keys: ['node', 'deno'], onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Nulls>>>): SyncOrAsync<Sync, Record<string, T | null>>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { keys: ['node', 'deno'], onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Settles>>>): SyncOrAsync<Sync, Record<string, Outcome<T>>>
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it. `K` are
   * the keys, which TypeScript does not infer beside a type argument.
   *
   * @example await client.request<Repo, ['node', 'deno']>([nodeUrl, denoUrl], { keys: ['node', 'deno'] })
   */
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const { node } = await client.request<Repo>(urls, { keys: ['node', 'deno'] })
   */
  <T, const K extends readonly string[]>(
    ...args: KeyedArgs<RequestInputs, Asserted<Extra, Keyed<Throws, K>>>
  ): SyncOrAsync<Sync, { [Key in K[number]]: T }>
  /** Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response; `K` are the keys. */
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const { node } = await client.request<Repo>(urls, { keys: ['node', 'deno'], onFailure: 'null' })
   */
  <T, const K extends readonly string[]>(
    ...args: KeyedArgs<RequestInputs, Asserted<Extra, Keyed<Nulls, K>>>
  ): SyncOrAsync<Sync, { [Key in K[number]]: T | null }>
  /** Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response; `K` are the keys. */
  /**
   * Sends a batch and waits for all of it. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const { node } = await client.request<Repo>(urls, { keys: ['node', 'deno'], onFailure: 'settle' })
   */
  <T, const K extends readonly string[]>(
    ...args: KeyedArgs<RequestInputs, Asserted<Extra, Keyed<Settles, K>>>
  ): SyncOrAsync<Sync, { [Key in K[number]]: Outcome<T> }>

  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(url, { paginate: 'link' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Throws, FollowAsserted<T>>>): SyncOrAsync<Sync, T[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(url, { paginate: 'link', onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Nulls, FollowAsserted<T>>>): SyncOrAsync<Sync, T[] | null>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcome = await client.request<Repo>(url, { paginate: 'link', onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Settles, FollowAsserted<T>>>): SyncOrAsync<Sync, Outcome<T[]>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(urls, { paginate: 'link' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Throws, FollowAsserted<T>>>): SyncOrAsync<Sync, T[][]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(urls, { paginate: 'link', onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Nulls, FollowAsserted<T>>>): SyncOrAsync<Sync, (T[] | null)[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { paginate: 'link', onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Settles, FollowAsserted<T>>>): SyncOrAsync<Sync, Outcome<T[]>[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Throws>, FollowAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, T[]>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link', onFailure: 'null' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Nulls>, FollowAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, T[] | null>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link', onFailure: 'settle' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Settles>, FollowAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, Outcome<T[]>>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of the JSON of each page: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const pages = await client.request<Repo>(urls, { paginate: 'link', flatten: true })
   */
  <T>(
    ...args: CallArgs<RequestInput | RequestInputs, Asserted<Extra, Flattens, FollowAsserted<T>>>
  ): SyncOrAsync<Sync, T[]>

  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(url, { paginate: 'link', items: 'data' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Throws, ItemsAsserted<T>>>): SyncOrAsync<Sync, T[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(url, { paginate: 'link', items: 'data', onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Nulls, ItemsAsserted<T>>>): SyncOrAsync<Sync, T[] | null>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcome = await client.request<Repo>(url, { paginate: 'link', items: 'data', onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInput, Asserted<Extra, Settles, ItemsAsserted<T>>>): SyncOrAsync<Sync, Outcome<T[]>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { paginate: 'link', items: 'data' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Throws, ItemsAsserted<T>>>): SyncOrAsync<Sync, T[][]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { paginate: 'link', items: 'data', onFailure: 'null' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Nulls, ItemsAsserted<T>>>): SyncOrAsync<Sync, (T[] | null)[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { paginate: 'link', items: 'data', onFailure: 'settle' })
   */
  <T>(...args: CallArgs<RequestInputs, Asserted<Extra, Settles, ItemsAsserted<T>>>): SyncOrAsync<Sync, Outcome<T[]>[]>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link', items: 'data' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Throws>, ItemsAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, T[]>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link', items: 'data', onFailure: 'null' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Nulls>, ItemsAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, T[] | null>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const outcomes = await client.request<Repo>(urls, { keys: ['node', 'deno'], paginate: 'link', items: 'data', onFailure: 'settle' })
   */
  <T>(
    ...args: CallArgs<RequestInputs, Asserted<Extra, Keyed<Settles>, ItemsAsserted<T>>>
  ): SyncOrAsync<Sync, Record<string, Outcome<T[]>>>
  /**
   * Sends a batch with all of its pages. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError, PartialFailureError, RequestError, AbortError or InputError, as every form
   * @example const repos = await client.request<Repo>(urls, { paginate: 'link', items: 'data', flatten: true })
   */
  <T>(
    ...args: CallArgs<RequestInput | RequestInputs, Asserted<Extra, Flattens, ItemsAsserted<T>>>
  ): SyncOrAsync<Sync, T[]>

  // The first form again: compilers explain an error by the last form, and this one lists every value of an option.
  /**
   * Sends a batch and waits for all of it. One URL in, one value out; a list in, a list out in its order; with `keys`, an
   * object.
   *
   * The types of the values follow from `schema`, `parseFunc` and `returnType`; JSON without them is `unknown`.
   *
   * @throws ConfigError (a mistake in the options), PartialFailureError (some requests failed), RequestError (the only
   * request failed), AbortError (the signal was aborted), InputError (the input threw; the error has the outcomes)
   * @example const values = await client.request(urls, { onFailure: 'null' })
   * @example const { node, deno } = await client.request([nodeUrl, denoUrl], { keys: ['node', 'deno'], schema: Repo })
   */
  <
    _Inferred extends 0,
    const I extends RequestInput | RequestInputs,
    R extends AnyReturnType = AnyReturnType,
    S extends Schema | undefined = undefined,
    V = Unset,
    Next extends NextOrUnset = Unset,
    const Text extends string = never,
    List extends ItemsOrUnset = Unset,
    Style extends PageStyle = never,
    const K extends readonly string[] = never,
    F extends AnyFailureMode = AnyFailureMode,
    L extends boolean = false,
  >(
    input: I,
    options?: Extra & CallOptions<R, S, V, K, F, L, Next, Text, List, Style>,
  ): SyncOrAsync<
    Sync,
    BatchResult<I, OptionValue<R, S, NoInfer<V>>, K, FailureModeOf<F>, NoInfer<V>, ListedBy<Next, Text, List, Style>, L>
  >
}

/** The outcomes of a run. Can be iterated once; the first `next()` starts the sending. */
export interface OutcomeIterator<O> extends AsyncIterableIterator<O, undefined, void> {
  /**
   * Pulls no more. Attempts in flight finish, all other requests end as `aborted/…`; the outcomes can still be read.
   *
   * @example
   * const outcomes = client.stream(urls)
   * process.once('SIGTERM', () => outcomes.stop())
   */
  stop(): void
  /**
   * Ends everything now; the outcomes can still be read.
   *
   * @example outcomes.abort(new Error('no longer needed'))
   */
  abort(reason?: unknown): void
  /**
   * The statistics of the stream until now: counts by code and status, the distribution of each phase, and both over
   * time and by host. Empty before the first outcome was requested.
   *
   * @example
   * const stream = client.stream(urls)
   * for await (const { ok, request } of stream) console.log(ok, request.url)
   * const { failed, timings } = stream.statistics()
   * console.log(failed, timings.total?.p95)
   */
  statistics(): Statistics
  [Symbol.asyncDispose](): Promise<void>
}

/** The forms of `client.stream()`. */
export interface StreamCall {
  /**
   * Pulls requests lazily and yields outcomes as they finish: any number of requests in constant memory. Leaving the loop
   * aborts the requests in flight.
   *
   * @throws ConfigError at once; InputError if the input throws, after all outcomes
   * @example for await (const outcome of client.stream(urls)) if (outcome.ok) console.log(outcome.value)
   */
  <
    _Inferred extends 0,
    const I extends RequestInputs,
    R extends AnyReturnType = AnyReturnType,
    S extends Schema | undefined = undefined,
    V = Unset,
    Next extends NextOrUnset = Unset,
    const Text extends string = never,
    List extends ItemsOrUnset = Unset,
    Style extends PageStyle = never,
  >(
    input: I,
    options?: StreamCallOptions<R, S, V, Next, Text, List, Style>,
  ): OutcomeIterator<StreamOutcome<I, OptionValue<R, S, NoInfer<V>>, NoInfer<V>, ListedBy<Next, Text, List, Style>>>
  /**
   * Yields outcomes as they finish. `T` asserts the type of the JSON of each response: nothing checks it.
   *
   * @throws ConfigError at once; InputError if the input throws, after all outcomes
   * @example for await (const { value } of client.stream<Repo>(urls)) console.log(value?.stars)
   */
  <T>(
    input: RequestInputs,
    options?: StreamOptions & { returnType?: 'json' | undefined; schema?: undefined; parseFunc?: undefined } & (
        | NoPages
        | FollowAsserted<T>
      ),
  ): OutcomeIterator<Outcome<T>>
  /**
   * Yields outcomes as they finish. `T` asserts the type of each item: nothing checks it.
   *
   * @throws ConfigError at once; InputError if the input throws, after all outcomes
   * @example for await (const outcome of client.stream<Repo>(urls, { items: 'data' })) if (outcome.ok) save(outcome.items)
   */
  <T>(
    input: RequestInputs,
    options: StreamOptions & {
      returnType?: 'json' | undefined
      schema?: undefined
      parseFunc?: undefined
    } & ItemsAsserted<T>,
  ): OutcomeIterator<Outcome<unknown, unknown, T>>
}
