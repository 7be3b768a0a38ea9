/**
 * Reads `-H` of a pasted command as curl does. `X:` removes a default header, `X;` sends an empty one. Headers that only
 * describe curl's own connection are dropped and reported. Messages never show a value, which may be a secret.
 */
import type { Given } from './arguments.ts'
import { wordText } from './data.ts'
import { UsageError } from '../usage-error.ts'
import { headerProblem } from '../../core/headers.ts'
import { AT_SIGN, COLON } from '../../core/ascii.ts'

export interface CurlHeaders {
  /** The bytes of each value as Latin-1, as headers are written to the wire. */
  readonly pairs: readonly (readonly [string, string])[]
  /** Names of default headers that must not be sent, in lower case. */
  readonly without: readonly string[]
  /** Names of headers that were dropped, as written. */
  readonly dropped: readonly string[]
  /** Whether `Host` is among the pairs. */
  readonly hasHost: boolean
}

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
])
const REFUSED: Readonly<Record<string, string>> = {
  'proxy-authorization': 'Write the credentials into the URL of --proxy.',
  trailer: 'preq sends no trailers.',
  upgrade: 'preq speaks HTTP, and no other protocol on its connections.',
}

/** @param hosts hosts of the URLs, with their ports; empty if rows fill them in */
export function curlHeaders(options: readonly Given[], hosts: readonly string[], hasRows: boolean): CurlHeaders {
  const pairs: [string, string][] = []
  const without: string[] = []
  const dropped: string[] = []
  for (const { name: option, value } of options) {
    if (option !== 'header') continue
    // A pseudo-header of HTTP/2 (`:authority`), as browsers copy it. curl does not send it.
    const bytes = Buffer.from(value)
    if (bytes[0] === COLON) {
      dropped.push(':…')
      continue
    }
    if (bytes[0] === AT_SIGN) throw refusedHeader('a file', 'Give it with -H @FILE beside --curl.')
    const [name, text] = parted(bytes.toString('latin1'))
    const lower = name.toLowerCase()
    const problem = headerProblem(name, text ?? '')
    if (problem !== undefined) throw new UsageError(`--curl: ${problem}.`)
    const remedy = REFUSED[lower]
    if (remedy !== undefined && text !== undefined) throw refusedHeader(name, `Leave it out: ${remedy}`)
    if (lower === 'host') takeHost(name, text, hosts, pairs, dropped)
    else if (OF_THE_CONNECTION.has(lower)) dropped.push(name)
    else if (text === undefined) without.push(lower)
    else pairs.push([name, checkedFor(text, name, hasRows)])
  }
  return { pairs, without, dropped, hasHost: pairs.some(([name]) => name.toLowerCase() === 'host') }
}

/** An undefined value removes the header. */
function parted(line: string): [name: string, value: string | undefined] {
  const [, name, value] = /^([^:;]+):([^]*)$/.exec(line) ?? []
  if (name !== undefined && value !== undefined) {
    const text = value.replaceAll(/^[ \t]+|[ \t]+$/g, '')
    return [name, text === '' ? undefined : text]
  }
  const empty = /^([^:;]+);$/.exec(line)?.[1]
  if (empty !== undefined) return [empty, '']
  throw refusedHeader(
    'an invalid line',
    "curl would leave it out. Write it as 'name: value', or 'name;' for an empty header.",
  )
}

/** A `Host` that equals the host of the URL is dropped: preq sends it anyway. */
function takeHost(
  name: string,
  text: string | undefined,
  hosts: readonly string[],
  pairs: [string, string][],
  dropped: string[],
): void {
  if (text === undefined || text === '')
    throw refusedHeader('a request without Host', 'HTTP/1.1 requires it. Leave it out.')
  if (hosts.length > 0 && hosts.every(host => host === text.toLowerCase())) dropped.push(name)
  else if (pairs.some(([known]) => known.toLowerCase() === 'host'))
    throw refusedHeader('two Hosts', 'Keep one of them.')
  else pairs.push([name, text])
}

function checkedFor(latin1: string, name: string, hasRows: boolean): string {
  if (!hasRows || !/[\x80-\xff]/.test(latin1) || !latin1.includes('{')) return latin1
  throw refusedHeader(`${name} with a column and letters outside of ASCII`, 'Give it with -H beside --curl.')
}

/** The value of another option, such as `-A`, as a header value. */
export function headerText(value: Given['value'], option: string): string {
  const latin1 = Buffer.from(value).toString('latin1')
  const problem = headerProblem('x', latin1)
  if (problem === undefined) return latin1
  wordText(value, option)
  throw new UsageError(`--curl: ${option}: expected a text without control characters, got some. Leave them out.`)
}

const refusedHeader = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: -H: expected headers that preq sends as curl does, got ${what}. ${remedy}`)
