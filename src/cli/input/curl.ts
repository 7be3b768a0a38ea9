/**
 * A pasted curl command → what it asks for. The flags that say what the request is are taken over; those that say how
 * curl shows it are passed over; what would change the request and is not known is refused, so that nothing else is sent
 * than what was pasted.
 */
import { Command, CommanderError, Option } from 'commander'
import { shellWords } from './shell-words.ts'
import { UsageError } from '../usage-error.ts'

export interface CurlRequest {
  readonly urls: readonly string[]
  readonly method: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | undefined
  /** As those of --multipart. */
  readonly form: readonly (readonly [string, string])[] | undefined
  readonly user: string | undefined
  /** Flags of ours that stand for curl's, as on the command line. */
  readonly flags: readonly (readonly [
    name: 'insecure' | 'no-follow' | 'proxy' | 'timeout' | 'connect-timeout',
    value: string | true,
  ])[]
}

/** How curl shows it or reaches it: nothing that we do differently. */
const PASSED_OVER = [
  '-s, --silent',
  '-S, --show-error',
  '-v, --verbose',
  '-i, --include',
  '-g, --globoff',
  '-f, --fail',
  '-#, --progress-bar',
  '-N, --no-buffer',
  '--fail-with-body',
  '--compressed',
  '--no-progress-meter',
  '--http1.1',
  '--http2',
  '--http3',
  '--ipv4',
  '--ipv6',
  '--tlsv1.2',
  '--tlsv1.3',
  '--path-as-is',
]
const PASSED_OVER_VALUES = [
  '-o, --output <v>',
  '-w, --write-out <v>',
  '--retry <v>',
  '--retry-delay <v>',
  '--max-redirs <v>',
  '-D, --dump-header <v>',
  '--parallel-max <v>',
]

export function readCurl(text: string): CurlRequest {
  const words = shellWords(text.trim())
  if (words === undefined) throw new UsageError('--curl: expected quotes in pairs, got an open one. Paste it whole.')
  const [name, ...argv] = words
  if (name !== 'curl') throw new UsageError("--curl: expected a command that begins with 'curl', got another one.")
  const command = new Command('curl').argument('[urls...]').helpOption(false).exitOverride()
  command.configureOutput({ writeErr: () => undefined, outputError: () => undefined })
  const several = (value: string, before: readonly string[] = []): string[] => [...before, value]
  for (const flag of [
    '-X, --request <v>',
    '-u, --user <v>',
    '-A, --user-agent <v>',
    '-e, --referer <v>',
    '-x, --proxy <v>',
    '-m, --max-time <v>',
    '--connect-timeout <v>',
    '--oauth2-bearer <v>',
    '--json <v>',
  ]) {
    command.addOption(new Option(flag))
  }
  for (const flag of [
    '-H, --header <v>',
    '-d, --data <v>',
    '--data-ascii <v>',
    '--data-raw <v>',
    '--data-binary <v>',
    '--data-urlencode <v>',
    '-F, --form <v>',
    '-b, --cookie <v>',
    '--url <v>',
  ]) {
    command.addOption(new Option(flag).argParser(several))
  }
  for (const flag of [
    '-I, --head',
    '-G, --get',
    '-L, --location',
    '-k, --insecure',
    ...PASSED_OVER,
    ...PASSED_OVER_VALUES,
  ]) {
    command.addOption(new Option(flag))
  }
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const what = error.message.replace(/^error: /, '').replace(/\.$/, '')
    throw new UsageError(`--curl: expected flags of curl that preq knows, got: ${what}. Leave it out.`)
  }
  return requestOf(command.args, command.opts<CurlFlags>())
}

interface CurlFlags {
  readonly request?: string
  readonly user?: string
  readonly userAgent?: string
  readonly referer?: string
  readonly proxy?: string
  readonly maxTime?: string
  readonly connectTimeout?: string
  readonly oauth2Bearer?: string
  readonly json?: string
  readonly header?: readonly string[]
  readonly data?: readonly string[]
  readonly dataAscii?: readonly string[]
  readonly dataRaw?: readonly string[]
  readonly dataBinary?: readonly string[]
  readonly dataUrlencode?: readonly string[]
  readonly form?: readonly string[]
  readonly cookie?: readonly string[]
  readonly url?: readonly string[]
  readonly head?: true
  readonly get?: true
  readonly location?: true
  readonly insecure?: true
}

function requestOf(args: readonly string[], given: CurlFlags): CurlRequest {
  const urls = [...(given.url ?? []), ...args].map(url => (/^[a-z][a-z\d+.-]*:/i.test(url) ? url : `http://${url}`))
  if (urls.length === 0) throw new UsageError('--curl: expected a URL in the command, got none.')
  const data = bodyOf(given)
  const headers = headersOf(given, data !== undefined && given.get !== true)
  const query = given.get === true ? data : undefined
  return {
    urls: query === undefined ? urls : urls.map(url => `${url}${url.includes('?') ? '&' : '?'}${query}`),
    method: given.request ?? (given.head === true ? 'HEAD' : undefined),
    headers,
    body: given.get === true ? undefined : data,
    form: given.form?.map(partOf),
    user: given.user,
    flags: [
      ...(given.insecure === true ? [['insecure', true] as const] : []),
      ...(given.location === true ? [] : [['no-follow', true] as const]),
      ...(given.proxy === undefined ? [] : [['proxy', given.proxy] as const]),
      ...(given.maxTime === undefined ? [] : [['timeout', `${given.maxTime}s`] as const]),
      ...(given.connectTimeout === undefined ? [] : [['connect-timeout', `${given.connectTimeout}s`] as const]),
    ],
  }
}

function bodyOf({ json, data, dataAscii, dataRaw, dataBinary, dataUrlencode }: CurlFlags): string | undefined {
  if (json !== undefined) return json
  const plain = [...(data ?? []), ...(dataAscii ?? []), ...(dataBinary ?? [])]
  if (plain.some(text => text.startsWith('@'))) {
    throw new UsageError('--curl: expected the body itself, got a file. Give it with --body @FILE.')
  }
  const parts = [...plain, ...(dataRaw ?? []), ...(dataUrlencode ?? []).map(encoded)]
  return parts.length === 0 ? undefined : parts.join('&')
}

/** `name=text` and `name=@path`, without what curl lets follow them. */
function partOf(part: string): [string, string] {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(part) ?? []
  if (name !== undefined && value !== undefined && !/^<|^@.*[;,]|;(?:type|filename|headers|encoder)=/.test(value)) {
    return [name, value]
  }
  throw new UsageError(
    "--curl: expected fields as 'name=text' or 'name=@file', got another one. Give it with --multipart.",
  )
}

/** `name=text` and `text`, the text encoded. */
function encoded(part: string): string {
  const at = part.indexOf('=')
  if (at === -1) return encodeURIComponent(part)
  return `${part.slice(0, at)}${at === 0 ? '' : '='}${encodeURIComponent(part.slice(at + 1))}`
}

function headersOf(given: CurlFlags, hasBody: boolean): [string, string][] {
  const headers = (given.header ?? []).map((line): [string, string] => {
    const at = line.search(/[:;]/)
    if (at < 1) throw new UsageError("--curl: expected headers as 'name: value', got something else.")
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !headers.some(([known]) => known.toLowerCase() === name)) headers.push([name, value])
  }
  add('user-agent', given.userAgent)
  add('referer', given.referer)
  add('authorization', given.oauth2Bearer === undefined ? undefined : `Bearer ${given.oauth2Bearer}`)
  add('cookie', given.cookie?.join('; '))
  if (given.json !== undefined) add('accept', 'application/json')
  if (hasBody) add('content-type', given.json === undefined ? 'application/x-www-form-urlencoded' : 'application/json')
  // An empty value takes the header out, as curl does.
  return headers.filter(([, value]) => value !== '')
}
