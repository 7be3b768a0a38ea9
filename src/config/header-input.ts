/** Headers as callers write them → a flat list, checked. Problems never show a value, since it may be a secret. */
import { WIRE_HEADERS, getHeader, headerProblem } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import type { Problem } from '../core/problem.ts'
import type { Words } from '../core/words.ts'

export interface ReadHeaders {
  readonly set: HeaderList
  /** Names whose value is undefined: the default header of that name is left out. */
  readonly unset: readonly string[]
}

const NO_CHANGES: ReadHeaders = { set: [], unset: [] }

/** @param allowHost whether a `Host` header is allowed: the option `allowHostHeader` */
export function readHeaders(input: unknown, problems: Problem[], allowHost = false): ReadHeaders {
  const pairs = headerPairs(input, problems)
  if (pairs === undefined) return NO_CHANGES
  const set: string[] = []
  const unset: string[] = []
  for (const [given, value] of pairs) {
    const name = given.toLowerCase()
    if (value === undefined) {
      unset.push(name)
      continue
    }
    if (typeof value !== 'string' && typeof value !== 'number') {
      const remedy = Array.isArray(value) ? 'Join them into one, or give the headers as pairs.' : 'Turn it into one.'
      problems.push(problem(`headers.${name}`, 'a string', kindOf(value), remedy))
      continue
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      problems.push(problem(`headers.${name}`, 'a string or a finite number', String(value), 'Leave it out.'))
      continue
    }
    const text = String(value).replace(/^[ \t]+|[ \t]+$/g, '')
    const wrong = headerProblem(name, text)
    if (wrong !== undefined) problems.push(`headers: ${wrong}.`)
    else if (name === 'proxy-authorization') problems.push(problem('headers', `no ${name} header`, 'one', OF_PROXY))
    else if (name === 'expect' && text.toLowerCase() === '100-continue') set.push(name, '100-continue')
    else if (name === 'host' && allowHost) readHost(text, set, problems)
    else if (WIRE_HEADERS.has(name)) problems.push(problem('headers', `no ${name} header`, 'one', headerRemedy(name)))
    else set.push(name, text)
  }
  return { set, unset }
}

/** Reports a `Host` header unless `allowHostHeader` is set. */
export function refuseHost({ set }: ReadHeaders, problems: Problem[]): void {
  if (getHeader(set, 'host') !== undefined) {
    problems.push(problem('headers', 'no host header', 'one', headerRemedy('host')))
  }
}

// Through a tunnel, the header would reach the origin.
const OF_PROXY = 'Write its credentials into the URL of the proxy.'
function headerRemedy(name: string): Words {
  if (name === 'host') return ['Set ', { option: 'allowHostHeader' }, ' if that is intended, or leave it out.']
  return 'It is set from the request itself; leave it out.'
}

const HOST_HEADER = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

function readHost(host: string, set: string[], problems: Problem[]): void {
  if (set.includes('host')) problems.push(problem('headers', 'one host header', 'two', 'Keep one of them.'))
  else if (HOST_HEADER.test(host)) set.push('host', host)
  else
    problems.push(problem('headers.host', 'a host, with or without a port', 'something else', "Write 'example.com'."))
}

type Pair = readonly [name: string, value: unknown]

const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'

function headerPairs(input: unknown, problems: Problem[]): Iterable<Pair> | undefined {
  if (isPlain(input)) return Object.entries(input)
  // Recognised by its methods and not by its class: undici and other libraries have a Headers class of their own.
  if (input instanceof Map || typeof (input as Partial<Headers> | null | undefined)?.getSetCookie === 'function') {
    return [...(input as Headers)]
  }
  if (!Array.isArray(input)) {
    const remedy = plainRemedy(input)
    problems.push(
      problem('headers', 'a Headers object, an object of strings or an array of pairs', kindOf(input), remedy),
    )
    return undefined
  }
  const wrong = input.findIndex(pair => !isPair(pair))
  if (wrong === -1) return input as Pair[]
  problems.push(problem(`headers[${wrong}]`, 'a pair', kindOf(input[wrong]), "Write it as ['name', 'value']."))
  return undefined
}
