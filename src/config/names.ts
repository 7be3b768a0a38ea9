/** The advice for an unknown name: the same word in another spelling, another library's word, or a typing error. */

/**
 * Names of the Python original, requests, ky, got, axios, ofetch, p-limit and others → our names. Keys are in lower
 * case without `-` and `_`. Names that differ only in spelling (`max_retries`, `baseURL`) need no entry.
 */
const FOREIGN: Readonly<Record<string, string>> = {
  acceptstatuscodes: "'acceptStatus'",
  agent: "'transport'",
  allowredirects: "'followRedirects'",
  backend: "'transport'",
  backoff: "'retry': { backoff }",
  bearer: "'auth': { bearer }",
  bodytimeout: "'timeouts': { idle }",
  ca: "'tls': { ca }",
  cert: "'tls': { cert, key }",
  connecttimeout: "'timeouts': { connect }",
  concurrent: "'concurrency'",
  credentials: "'auth' or 'cookies'",
  cookiejar: "'cookies'",
  data: "'json', 'form' or 'body'",
  debug: "'hooks'",
  dispatcher: "'transport'",
  dontretryon: "'retry': { statuses, shouldRetry }",
  fetch: "'transport'",
  follow: "'maxRedirects'",
  headerstimeout: "'timeouts': { headers }",
  httpagent: "'transport'",
  httpsagent: "'transport'",
  httpproxy: "'proxy'",
  httpsproxy: "'proxy'",
  interval: "'rateLimit': { limit, interval }",
  intervalcap: "'rateLimit': { limit, interval }",
  jar: "'cookies'",
  jobs: "'concurrency'",
  limit: "'concurrency'",
  maxbodylength: "'maxResponseBytes'",
  maxcontentlength: "'maxResponseBytes'",
  maxheadersize: "'maxHeaderBytes'",
  maxhttpheadersize: "'maxHeaderBytes'",
  maxredirections: "'maxRedirects'",
  maxredirs: "'maxRedirects'",
  maxtime: "'timeout'",
  ondownloadprogress: "'onProgress'",
  onerror: "'onFailure'",
  parallel: "'concurrency'",
  parallelism: "'concurrency'",
  parse: "'parseFunc'",
  parsefn: "'parseFunc'",
  parsejson: "'parseFunc'",
  password: "'auth': { username, password }",
  payload: "'json', 'form' or 'body'",
  prefix: "'baseUrl'",
  prefixurl: "'baseUrl'",
  progresscallback: "'onProgress'",
  proxyagent: "'proxy'",
  proxylist: "'proxies'",
  proxyurl: "'proxy'",
  qs: "'params'",
  query: "'params'",
  randomuseragent: "'userAgent'",
  ratelimiter: "'rateLimit'",
  redirect: "'followRedirects'",
  referrer: "'headers': { referer }",
  rejectunauthorized: "'verifySsl'",
  responsetype: "'returnType'",
  maxretry: "'maxRetries'",
  retries: "'maxRetries'",
  retrycondition: "'retry': { shouldRetry }",
  retrydelay: "'retry': { backoff }",
  retrylimit: "'maxRetries'",
  retryon: "'retry': { statuses, shouldRetry }",
  returnexceptions: "'onFailure': 'settle'",
  returnnoneonfailure: "'onFailure': 'null'",
  searchparams: "'params'",
  session: "'cookies'",
  size: "'maxResponseBytes'",
  stoponerror: "'maxFailures': 1",
  throwhttperrors: "'acceptStatus' or 'onFailure'",
  throwonerror: "'onFailure'",
  timeoutms: "'timeout'",
  token: "'auth': { bearer }",
  transform: "'parseFunc'",
  trustenv: "'proxy': 'env'",
  username: "'auth': { username, password }",
  validatestatus: "'acceptStatus'",
  verify: "'verifySsl'",
}

/** The advice for an unknown name: `Use 'maxRetries'.`, `Did you mean …?`, or the plain one. */
export function adviceFor(name: string, known: readonly string[]): string {
  const bare = bareName(name)
  const same = known.find(candidate => bareName(candidate) === bare)
  if (same !== undefined) return `Use '${same}'.`
  const ours = Object.hasOwn(FOREIGN, bare) ? FOREIGN[bare] : undefined
  if (ours !== undefined) {
    const option = /\w+/.exec(ours)?.[0] ?? ''
    return known.includes(option) ? `Use ${ours}.` : `Use ${ours} in the options.`
  }
  const near = nearest(name, known)
  return near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
}

/** The closest candidate, if at most a third of the letters differ. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    // Two names of one letter are never similar.
    const hasCommon = distance < Math.max(name.length, candidate.length)
    if (hasCommon && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const bareName = (name: string): string => name.replaceAll(/[-_]/g, '').toLowerCase()

/**
 * Number of letters to change, add, drop or swap with their neighbour: optimal string alignment, three rows at a time.
 */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity
  let beforeLast: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const edited = Math.min((previous[column] as number) + 1, (current[column - 1] as number) + 1, substituted)
      const swappable = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(swappable ? Math.min(edited, (beforeLast[column - 2] as number) + 1) : edited)
    }
    beforeLast = previous
    previous = current
  }
  return previous[b.length] as number
}
