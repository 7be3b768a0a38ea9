/**
 * Options as they were given → their values: each read by its row of the table, each in its place, all of them together.
 * A mistake is a ConfigError that names every problem at once.
 */
import { ConfigError } from '../core/error.ts'
import type { ReturnTypeName } from '../core/spec.ts'
import { bodyOf } from './body.ts'
import { hostProblems } from './limit-input.ts'
import { readHeaders } from './header-input.ts'
import { got, isPlain, plainRemedy, problem } from './kinds.ts'
import { adviceFor } from './names.ts'
import { OPTIONS, OPTION_NAMES } from './options.ts'
import type { OptionName, OptionRow, Values } from './options.ts'
import { nodeTakesEnvironment } from './proxy-env.ts'
import { readProxy } from './proxy-input.ts'
import { isCookieStore } from './shapes.ts'

/** Who is given the options: decides which of them belong there. */
export type Place = 'constructor' | 'request' | 'stream' | 'drain' | 'one-shot'

const isCall = (place: Place): boolean => place === 'request' || place === 'stream' || place === 'drain'

/** Reads the options given in one place; all problems end in one ConfigError. */
export function readOptions(options: unknown, place: Place, also: readonly string[] = []): Values {
  if (options === undefined) return {}
  if (!isPlain(options)) throw new ConfigError([problem('options', 'an object', got(options), plainRemedy(options))])
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(options)) {
    if (also.includes(name)) continue
    if (!Object.hasOwn(OPTIONS, name)) {
      problems.push(problem(name, 'the name of an option', 'an unknown one', adviceFor(name, OPTION_NAMES)))
      continue
    }
    if (given === undefined) continue
    const row: OptionRow<unknown> = OPTIONS[name as OptionName]
    const misplaced = misplacement(row, place)
    if (misplaced !== undefined) problems.push(`${name}: ${misplaced}`)
    else values[name] = row.read(given, name, problems)
  }
  if (!isCall(place)) takeProxyOfNode(values, problems)
  checkTogether(values, place, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return values
}

/** A client without a proxy or transport of its own goes the way that Node's fetch goes in this process. */
function takeProxyOfNode(values: Record<string, unknown>, problems: string[]): void {
  if (!nodeTakesEnvironment(process.env, process.execArgv)) return
  if (['proxy', 'proxies', 'proxyFile', 'transport'].some(name => values[name] !== undefined)) return
  values['proxy'] = readProxy('env', 'proxy', problems)
}

/** The options of a one-shot call as those of the client that it makes and those of its one batch. */
export function splitOptions(options: unknown): { client: object; batch: object } {
  const client: Record<string, unknown> = {}
  const batch: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(options ?? {})) {
    const ofBatch = OPTIONS[name as OptionName].scope === 'call' || (name === 'params' && Array.isArray(given))
    ;(ofBatch ? batch : client)[name] = given
  }
  return { client, batch }
}

function misplacement({ scope, only }: OptionRow<unknown>, place: Place): string | undefined {
  if (place === 'constructor' && scope === 'call') {
    return 'expected in a call, got it in the constructor. It shapes one result: give it to request() or stream().'
  }
  if (isCall(place) && scope === 'client') {
    return 'expected in the constructor, got it in a call. Limits and connections belong to the client: new ParallelRequests({ … }).'
  }
  if (only === 'stream' && place !== 'stream')
    return 'expected in stream(), got it in a call whose results are in input order. Leave it out.'
  if (only === 'request' && (place === 'stream' || place === 'drain')) {
    return `expected in request(), got it in ${place}(), which works on outcomes. Leave it out; \`key\` may be in the specs.`
  }
  if (only === 'drain' && place !== 'drain')
    return 'expected in drain(), got it elsewhere. Call client.drain(urls, { sink }).'
  return undefined
}

/** What only shows when two options are seen together, or with the place in which they were given. */
function checkTogether(values: Values, place: Place, problems: string[]): void {
  const { returnType, schema, rateLimit, rateLimitBurst, params, keys, retry } = values
  if (schema !== undefined && returnType !== undefined) checkSchema(returnType, problems)
  if (retry?.budget !== undefined && isCall(place)) {
    problems.push(BUDGET_IN_CALL)
  }
  if (rateLimitBurst !== undefined) {
    if (rateLimit === undefined) {
      problems.push("rateLimitBurst: expected rateLimit beside it, got none. Set rateLimit, for example '10/s'.")
    }
    for (const { limit, burst } of rateLimit ?? []) {
      if (burst !== undefined || rateLimitBurst <= limit) continue
      const range = `an integer from 1 to the limit (${limit})`
      problems.push(problem('rateLimitBurst', range, String(rateLimitBurst), 'Leave it out for the default.'))
    }
  }
  for (const name of ['retryFailed', 'unknownWrites', 'durability'] as const) {
    if (values[name] === undefined || values.resume !== undefined) continue
    problems.push(`${name}: expected resume beside it, got none. Set resume: 'run.jsonl'.`)
  }
  if ((values.workers ?? 0) > 0 && values.transport !== undefined) {
    problems.push('workers: expected no transport beside it, got one. A transport cannot go to another thread.')
  }
  if ((values.workers ?? 0) > 0 && values.lookup !== undefined) {
    problems.push('workers: expected no lookup beside it, got one. A function cannot go to another thread.')
  }
  if (values.transport !== undefined) {
    for (const name of ['lookup', 'blockPrivateAddresses', 'maxHeaderBytes'] as const) {
      if (values[name] === undefined || values[name] === false) continue
      problems.push(`${name}: expected no transport beside it, got one. A transport makes its own connections.`)
    }
  }
  if (values.cookieFile !== undefined && (values.cookies === false || isCookieStore(values.cookies))) {
    const given = values.cookies === false ? 'cookies: false' : 'a jar of your own'
    problems.push(problem('cookieFile', 'cookies that it can keep', given, 'Leave out one of the two.'))
  }
  if (values.shareCookies === false && (values.cookieFile !== undefined || isCookieStore(values.cookies))) {
    const given = values.cookieFile === undefined ? 'a jar of your own' : 'cookieFile'
    problems.push(
      `shareCookies: expected true beside ${given}, got false. What is kept there is shared: leave out one of the two.`,
    )
  }
  problems.push(...proxyProblems(values))
  if (values.hosts !== undefined && values.limitKey === undefined) problems.push(...hostProblems(values.hosts))
  if (values.maxConcurrency !== undefined && values.concurrency !== 'auto') {
    problems.push(
      "maxConcurrency: expected concurrency: 'auto' beside it, got none. For a fixed number set concurrency alone.",
    )
  }
  if (Array.isArray(params) && (place === 'stream' || place === 'drain' || place === 'constructor')) {
    problems.push(
      `params: expected an object here, got an array. One per URL belongs to request() with an array of URLs, or into the specs.`,
    )
  }
  if (keys !== undefined && new Set(keys).size !== keys.length) {
    const repeated = keys.find((key, index) => keys.indexOf(key) !== index)
    problems.push(`keys: expected names that differ, got ${got(repeated)} twice. Give each request its own.`)
  }
  if (values.headers !== undefined) readHeaders(values.headers, problems, values.allowHostHeader ?? isCall(place))
  const body = bodyOf(values, problems)
  if (body !== undefined) checkMethod(values.method, problems)
}

function proxyProblems(values: Values): string[] {
  const { proxy, proxies, proxyFile, proxySelection, transport } = values
  const given = Object.entries({ proxy, proxies, proxyFile }).filter(([, ways]) => ways !== undefined)
  const [first, second] = given.map(([name]) => name)
  if (second !== undefined)
    return [`${second}: expected no ${first} beside it, got both. Put all proxies into one of them.`]
  if (first !== undefined && given[0]?.[1]?.kind !== 'direct' && transport !== undefined) {
    return [`${first}: expected no transport beside it, got one. ${TRANSPORT_ROUTES}`]
  }
  if (proxySelection !== undefined && proxies === undefined && proxyFile === undefined) {
    return ['proxySelection: expected proxies or proxyFile beside it, got neither. One proxy leaves no choice.']
  }
  return []
}

export const TRANSPORT_ROUTES = 'A transport goes its own ways: set the proxy in it.'

export const NO_ONCHUNK =
  "returnType: expected onChunk beside 'stream', got none. Give onChunk: chunk => … in the options, which takes the pieces."

export const BUDGET_IN_CALL =
  'retry.budget: expected in the constructor, got it in a call. It is shared by all calls: new ParallelRequests({ retry }).'

export function checkSchema(returnType: ReturnTypeName, problems: string[]): void {
  if (returnType === 'json' || returnType === 'text') return
  problems.push(problem('schema', "returnType 'json' or 'text' beside it", `'${returnType}'`, 'Use parseFunc instead.'))
}

/** A body in the options goes with every request: a method that takes none would fail them all. */
export function checkMethod(given: string | undefined, problems: string[]): void {
  const method = given?.toUpperCase()
  if (method !== 'GET' && method !== 'HEAD') return
  problems.push(problem('method', 'one that takes a body', `'${method}' beside a body`, 'Leave method out for POST.'))
}
