/**
 * Options as the caller wrote them → their values. Each option is read by its entry of the table, and checked with the
 * others. All mistakes are named by one ConfigError.
 */
import { ConfigError } from '../core/error.ts'
import { got, isPlain, plainRemedy, problem } from './kinds.ts'
import { adviceFor } from './names.ts'
import { isCall } from './option.ts'
import type { AnyOption, OptionRecipient } from './option.ts'
import { nodeTakesEnvironment } from './proxy-env.ts'
import { readProxy } from './proxy-input.ts'
import { CHECKS, OPTIONS, OPTION_NAMES } from './table.ts'
import type { OptionName, Values } from './table.ts'
import type { Mismatch, Problem } from '../core/problem.ts'

/** The values, and the problems of the options that have none. */
export interface ReadOptions {
  readonly values: Values
  readonly problems: readonly Problem[]
}

/** Reads the options of one recipient, each of them once. All problems become one ConfigError. */
export function readOptions(options: unknown, place: OptionRecipient): Values {
  const { values, problems } = tryOptions(options, place)
  if (problems.length > 0) throw new ConfigError(problems)
  return values
}

/** The same, for callers that add problems of their own. */
export function tryOptions(options: unknown = {}, place: OptionRecipient): ReadOptions {
  if (!isPlain(options)) {
    return { values: {}, problems: [problem('options', 'an object', got(options), plainRemedy(options))] }
  }
  const problems: Problem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) {
      problems.push(problem(name, 'the name of an option', 'an unknown one', adviceFor(name, OPTION_NAMES)))
      continue
    }
    if (given === undefined) continue
    const option: AnyOption = OPTIONS[name as OptionName]
    const misplaced = misplacement(option, place)
    if (misplaced !== undefined) problems.push({ subject: name, ...misplaced })
    else values[name] = option.read(given, name, problems)
  }
  return { values: checkCombinations(values, place, problems), problems }
}

/**
 * Checks options together that were read one by one, and adds the proxy of the environment if Node uses it. For the
 * command line, which has read each of its flags itself.
 */
export function checkCombinations(values: Values, place: OptionRecipient, problems: Problem[]): Values {
  const all = isCall(place) ? values : withProxyOfNode(values, problems)
  for (const check of CHECKS) check(all, problems, place)
  return all
}

/** A client without a proxy or transport of its own uses the same proxy as fetch in this process. */
function withProxyOfNode(values: Values, problems: Problem[]): Values {
  if (!nodeTakesEnvironment(process.env, process.execArgv)) return values
  const { proxy, proxies, proxyFile, transport } = values
  if ([proxy, proxies, proxyFile, transport].some(given => given !== undefined)) return values
  const taken = readProxy('env', 'proxy', problems)
  return taken === undefined ? values : { ...values, proxy: taken }
}

/** Splits the values of a one-shot call into those of the client that it makes and those of its batch. */
export function splitValues(values: Values): { readonly client: Values; readonly batch: Values } {
  const client: Record<string, unknown> = {}
  const batch: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    // One set of parameters per URL belongs to this batch.
    const isOfBatch = OPTIONS[name as OptionName].scope === 'call' || (name === 'params' && Array.isArray(value))
    ;(isOfBatch ? batch : client)[name] = value
  }
  return { client, batch }
}

function misplacement({ scope, only }: AnyOption, place: OptionRecipient): Omit<Mismatch, 'subject'> | undefined {
  if (place === 'constructor' && scope === 'call') {
    const remedy = 'It shapes one result: give it to request() or stream().'
    return { expected: 'in a call', got: 'it in the constructor', remedy }
  }
  if (isCall(place) && scope === 'client') {
    const remedy = 'Limits and connections belong to the client: new ParallelRequests({ … }).'
    return { expected: 'in the constructor', got: 'it in a call', remedy }
  }
  if (only === 'stream' && place !== 'stream') {
    return { expected: 'in stream()', got: 'it in a call whose results are in input order', remedy: 'Leave it out.' }
  }
  if (only === 'request' && (place === 'stream' || place === 'drain')) {
    const found = `it in ${place}(), which works on outcomes`
    return { expected: 'in request()', got: found, remedy: 'Leave it out; `key` may be in the specs.' }
  }
  if (only === 'drain' && place !== 'drain') {
    return { expected: 'in drain()', got: 'it elsewhere', remedy: 'Call client.drain(urls, { sink }).' }
  }
  return undefined
}
