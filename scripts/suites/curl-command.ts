/**
 * The command of a curl test → a request of ours, or why we do not send it. Only the response is compared, so options
 * about output are left out.
 */

export interface CurlCommand {
  readonly url: string
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly auth: { readonly username: string; readonly password: string } | undefined
  readonly follows: boolean
  readonly maxRedirects: number | undefined
  readonly maxBytes: number | undefined
  readonly timeoutMs: number | undefined
  /** `--fail`: a status of 400 or above is a failure. */
  readonly fails: boolean
  readonly unpacks: boolean
}

const wordSet = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const LEFT_OUT = wordSet(`
  -4 -s -S -sS -v -i -O -J -R -g -N -# -Z -q --silent --show-error --verbose --include --show-headers --no-include
  --no-progress-meter --progress-bar --globoff --no-buffer --http1.1 --create-dirs --remote-time --remote-name
  --remote-name-all --remote-header-name --disable --xattr --remove-on-error --clobber --path-as-is --basic
`)
const LEFT_OUT_WITH_VALUE = wordSet(`
  -o -D -w -c -A -e --output --dump-header --write-out --cookie-jar --user-agent --referer --output-dir --stderr --trace
  --trace-ascii --etag-save --connect-timeout --noproxy
`)

const LONG_NAMES: Readonly<Record<string, string>> = {
  '--header': '-H',
  '--cookie': '-b',
  '--data': '-d',
  '--data-binary': '-d',
  '--data-urlencode': '-d',
  '--json': '-d',
  '--form': '-d',
  '-F': '-d',
  '--range': '-r',
  '--user': '-u',
  '--request': '-X',
  '--head': '-I',
  '--location': '-L',
  '--max-time': '-m',
  '--fail': '-f',
}

interface Read {
  readonly urls: string[]
  readonly headers: Record<string, string>
  readonly data: string[]
  method?: string
  user?: string
  isHead?: boolean
  follows?: boolean
  maxRedirects?: number
  maxBytes?: number
  timeoutMs?: number
  fails?: boolean
  unpacks?: boolean
}

const OF_CONNECTION = /^(?:host|transfer-encoding|content-length|connection|expect|te)$/i

/** Returns why the command is not one for us. */
type Reader = (read: Read, value: string) => string | undefined

const WITHOUT_VALUE: Readonly<Record<string, Reader>> = {
  '-I': read => void (read.isHead = true),
  '-L': read => void (read.follows = true),
  '-f': read => void (read.fails = true),
  '--compressed': read => void (read.unpacks = true),
}

const WITH_VALUE: Readonly<Record<string, Reader>> = {
  '-H': (read, field) => {
    const [, name, text] = /^([\w-]+): *(.+)$/.exec(field) ?? []
    // Removed fields, and fields of the connection, do not change the response.
    if (name === undefined || text === undefined || OF_CONNECTION.test(name)) return undefined
    read.headers[name] = text
    return undefined
  },
  '-b': (read, pairs) => {
    if (!pairs.includes('=')) return 'option -b FILE'
    read.headers['Cookie'] = pairs
    return undefined
  },
  '-d': (read, data) => {
    // The response is the same for every body.
    read.data.push(data)
    return undefined
  },
  '-r': (read, range) => {
    read.headers['Range'] = `bytes=${range}`
    return undefined
  },
  '-u': (read, user) => void (read.user = user),
  '-X': (read, method) => void (read.method = method),
  '-m': (read, seconds) => void (read.timeoutMs = Number(seconds) * 1_000),
  '--max-redirs': (read, times) => void (read.maxRedirects = Number(times)),
  '--max-filesize': (read, bytes) => void (read.maxBytes = Number(bytes)),
  '--url': (read, url) => void read.urls.push(url),
}

export function readCurlCommand(line: string): CurlCommand | string {
  const words = wordsOf(line)
  const read: Read = { urls: [], headers: {}, data: [] }
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const why = readWord(word, read, words)
    if (why !== undefined) return why
  }
  return commandOf(read)
}

/**
 * @param behind the words that follow; the first one may be the value of this option
 */
function readWord(word: string, read: Read, behind: string[]): string | undefined {
  if (!word.startsWith('-')) return void read.urls.push(word)
  if (LEFT_OUT.has(word)) return undefined
  const [, written = word, attached] =
    /^(--[^=]+)=(.*)$|^(-[A-Za-z])(.+)$/s.exec(word)?.filter(part => part !== undefined) ?? []
  const option = LONG_NAMES[written] ?? written
  const value = (): string => attached ?? behind.shift() ?? ''
  if (LEFT_OUT_WITH_VALUE.has(option)) return void value()
  const reader = WITH_VALUE[option]
  if (reader !== undefined) return reader(read, value())
  const plain = attached === undefined ? WITHOUT_VALUE[option] : undefined
  return plain === undefined ? `option ${written}` : plain(read, '')
}

function commandOf(read: Read): CurlCommand | string {
  const [url = '', ...others] = read.urls
  if (others.length > 0) return 'several URLs'
  if (!/^(?:http:\/\/)?(?:[^@/]*@)?127\.0\.0\.1:/i.test(url)) return 'a URL that is not on the local server'
  if (/[{}[\]]/.test(url)) return 'a URL with globs'
  const body = read.data.length === 0 ? undefined : read.data.join('&')
  const method = read.method ?? (read.isHead === true ? 'HEAD' : body === undefined ? 'GET' : 'POST')
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return `method ${method}`
  if (method !== 'POST' && body !== undefined) return `${method} with a body`
  if (method === 'HEAD' && read.isHead !== true) return 'HEAD that waits for a body'
  const [username = '', password = ''] = read.user?.split(':') ?? []
  return {
    url: url.startsWith('http') ? url : `http://${url}`,
    method,
    headers: read.headers,
    body,
    auth: read.user === undefined ? undefined : { username, password },
    follows: read.follows ?? false,
    maxRedirects: read.maxRedirects,
    maxBytes: read.maxBytes,
    timeoutMs: read.timeoutMs,
    fails: read.fails ?? false,
    unpacks: read.unpacks ?? false,
  }
}

/** Splits like a shell, as far as the tests need it. */
function wordsOf(line: string): string[] {
  const words = line.trim().matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs)
  return [...words].map(([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, one?: string) =>
      double === undefined ? (single ?? one ?? '') : double.replace(/\\(["\\$`])/g, '$1'),
    ),
  )
}
