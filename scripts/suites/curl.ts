/**
 * curl's tests/data: HTTP/1.x responses to one GET, HEAD or POST, played byte by byte and requested as the command
 * says, as far as we support its options.
 *
 * Compared is what the caller gets: complete or not, and where both call it complete, the status and the body.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCurlCommand } from './curl-command.ts'
import type { CurlCommand } from './curl-command.ts'
import { readCurlFile } from './curl-file.ts'
import type { CurlFile } from './curl-file.ts'
import { CURL_REASONS, HEADS, hasBareLf } from './curl-reasons.ts'
import { inTurns, play } from './play.ts'
import type { Ending } from './play.ts'
import type { Suite, Trial } from './trial.ts'

export const curl: Suite = {
  name: 'curl',
  reasons: CURL_REASONS,
  run: from => {
    const folder = join(from, 'tests', 'data')
    const names = readdirSync(folder).filter(name => /^test\d+$/.test(name))
    const read = (name: string): string => readFileSync(join(folder, name), 'latin1')
    const sources = join(from, 'tests')
    return inTurns(names, name => triedBothWays({ name, sources, content: read(name) })).then(trials => trials.flat())
  },
}

interface CurlCase {
  readonly name: string
  /** Content of the file. */
  readonly content: string
  /** The folder that other files are included from. */
  readonly sources: string
}

/** Many heads there end their lines with LF only. What else they test shows with CRLF. */
async function triedBothWays(each: CurlCase): Promise<readonly Trial[]> {
  const trial = await tried(each, bytes => bytes)
  if (trial.kind !== 'differ' || !hasBareLf(trial.input)) return [trial]
  return [trial, { ...(await tried(each, withCrlf)), name: `${each.name} with CRLF` }]
}

const withCrlf = (bytes: string): string => bytes.replace(HEADS, heads => heads.replace(/\r?\n/g, '\r\n'))

const ANY_PORT = '1'

/**
 * @param edit changes a response before it is played
 */
async function tried({ name, content, sources }: CurlCase, edit: (bytes: string) => string): Promise<Trial> {
  const number = name.slice('test'.length)
  const fileAt = (port: string): CurlFile => readCurlFile(content, { number, port, sources })
  const why = outOfScope(fileAt(ANY_PORT))
  if (why !== undefined) return { name, kind: 'out', why }
  const commandAt = (port: string): CurlCommand | string => readCurlCommand(fileAt(port).section('command')?.text ?? '')
  const command = commandAt(ANY_PORT)
  if (typeof command === 'string') return { name, kind: 'out', why: command }

  let file = fileAt(ANY_PORT)
  const played: string[] = []
  let part = 0
  const ours = await play(
    ({ path }) => {
      part = played.at(-1)?.includes('swsbounce') === true ? part + 1 : partOf(path)
      const bytes = edit(file.section(part === 0 ? 'data' : `data${part}`)?.text ?? '')
      played.push(bytes)
      return { bytes, isLast: bytes === '' || bytes.includes('swsclose') }
    },
    origin => {
      const { port } = new URL(origin)
      file = fileAt(port)
      return specOf(commandAt(port) as CurlCommand)
    },
    { contentCoding: command.unpacks ? 'strict' : 'raw', userAgent: 'curl/8.0.0' },
  )
  const theirs = expected(file, command, played)
  const difference = differenceOf(theirs, ours)
  return difference === undefined
    ? { name, kind: 'agree' }
    : { name, kind: 'differ', ...difference, input: played.join('\0') }
}

function outOfScope(file: CurlFile): string | undefined {
  if (file.section('server')?.text.trim() !== 'http') return 'another server than HTTP/1'
  if (file.section('tool') !== undefined || file.section('command') === undefined) return 'a program that uses libcurl'
  if (/\btype=/.test(file.section('command')?.attributes ?? '')) return 'a script'
  if (file.section('postcmd') !== undefined) return 'a server that waits'
  const variables = (file.section('setenv')?.text ?? '').split('\n').filter(Boolean)
  if (!variables.every(line => /^(?:LC_ALL|LANG|TZ|HOME|COLUMNS)=/.test(line))) return 'variables of the environment'
  const features = (file.section('features')?.text ?? '').split('\n').map(text => text.trim())
  if (features.includes('Debug') || features.includes('ws')) return 'a debug build of curl'
  const orders = (file.section('servercmd')?.text ?? '').split('\n').map(text => text.trim())
  const other = orders.find(order => order !== '' && !/^(?:writedelay|connection-monitor|no-expect)\b/.test(order))
  if (other !== undefined) return `the server's command ${other.split(/[ :]/, 1)[0]}`
  return undefined
}

/** Test 31 is requested as `/31`; `/310002` is its section `data2`. */
function partOf(path: string): number {
  const number = Number(/\d+/.exec(path.slice(path.lastIndexOf('/')))?.[0] ?? 0)
  return number > 10_000 ? number % 10_000 : 0
}

function specOf(command: CurlCommand) {
  const { url, method, headers, body, auth, follows, maxRedirects, maxBytes, timeoutMs, fails } = command
  return {
    url,
    method,
    headers: body === undefined ? headers : { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    followRedirects: follows,
    ...(body !== undefined && { body }),
    ...(auth !== undefined && { auth }),
    ...(maxRedirects !== undefined && { maxRedirects: maxRedirects < 0 ? 100 : maxRedirects }),
    ...(maxBytes !== undefined && { maxResponseBytes: maxBytes }),
    ...(timeoutMs !== undefined && timeoutMs > 0 && { timeout: timeoutMs }),
    ...(fails && { acceptStatus: (status: number) => status < 400 }),
  }
}

interface Expected {
  /** curl's exit code. */
  readonly exit: number
  readonly status: number | undefined
  /** Undefined if the file does not say. */
  readonly body: string | undefined
}

function expected(file: CurlFile, { method }: CurlCommand, played: readonly string[]): Expected {
  const exit = Number(file.section('errorcode')?.text.trim() ?? 0)
  const check = file.section('datacheck')
  const last = played.at(-1) ?? ''
  // If the body is compressed or chunked, the played bytes differ from the written ones.
  const isAsPlayed = played.length === 1 && !/^(?:transfer|content)-encoding:/im.test(last)
  const printed = check?.text ?? (isAsPlayed ? last : undefined)
  const isChecked = file.section('data')?.attributes.includes('nocheck="yes"') !== true
  const { status } = lastAnswer(last)
  if (method === 'HEAD') return { exit, status, body: '' }
  return { exit, status, body: printed !== undefined && isChecked ? lastAnswer(printed).body : undefined }
}

/** What follows the last head, and its status. */
function lastAnswer(text: string): { status: number | undefined; body: string } {
  let status: number | undefined
  let body = text
  for (;;) {
    const [head, code] = /^HTTP\/[\d.]+ +(\d{3})[^]*?\r?\n\r?\n/.exec(body) ?? []
    if (head === undefined) return { status, body }
    status = Number(code)
    body = body.slice(head.length)
  }
}

function differenceOf(theirs: Expected, ours: Ending): { theirs: string; ours: string } | undefined {
  if (theirs.exit !== 0 || ours.code !== 'ok') {
    if (theirs.exit !== 0 && ours.code !== 'ok') return undefined
    return { theirs: theirs.exit === 0 ? 'ok' : `exit ${theirs.exit}`, ours: ours.code }
  }
  if (theirs.status !== undefined && theirs.status !== ours.status)
    return { theirs: `status ${theirs.status}`, ours: `status ${ours.status}` }
  if (theirs.body !== undefined && theirs.body !== ours.body)
    return { theirs: `body ${JSON.stringify(theirs.body)}`, ours: `body ${JSON.stringify(ours.body)}` }
  return undefined
}
