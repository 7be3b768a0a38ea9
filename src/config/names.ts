/** What to say to a name that is not ours: the same word in another spelling, another library's word, a typing slip. */

/** Names of the Python original, requests, ky, got, axios, ofetch, p-limit and friends, and what they are called here. */
const FOREIGN: Readonly<Record<string, string>> = {
  agent: 'transport',
  acceptstatuscodes: 'acceptStatus',
  baseurl: 'baseUrl',
  data: `json' or 'body`,
  debug: 'hooks',
  dispatcher: 'transport',
  fetch: 'transport',
  limit: 'concurrency',
  maxconcurrency: 'concurrency',
  maxredirections: 'maxRedirects',
  onerror: 'onFailure',
  parse: 'parseFunc',
  parsefn: 'parseFunc',
  prefixurl: 'baseUrl',
  qs: 'params',
  query: 'params',
  randomuseragent: 'userAgent',
  ratelimiter: 'rateLimit',
  redirect: 'followRedirects',
  rejectunauthorized: 'verifySsl',
  responsetype: 'returnType',
  retries: 'maxRetries',
  retrylimit: 'maxRetries',
  returnnoneonfailure: `onFailure: 'null`,
  searchparams: 'params',
  session: 'cookies',
  throwhttperrors: 'acceptStatus',
  throwonerror: 'onFailure',
  timeoutms: 'timeout',
  transform: 'parseFunc',
  url: 'urls',
  validatestatus: 'acceptStatus',
  verify: 'verifySsl',
}

/** The advice for an unknown name: `Use 'maxRetries'.`, `Did you mean …?`, or `''`. */
export function adviceFor(name: string, known: readonly string[]): string {
  const bare = bareName(name)
  const same = known.find(candidate => bareName(candidate) === bare)
  if (same !== undefined) return `Use '${same}'.`
  const ours = FOREIGN[bare]
  if (ours !== undefined) return `Use '${ours}'.`
  const near = nearest(name, known)
  return near === undefined ? '' : `Did you mean '${near}'?`
}

/** The candidate at most a third of the letters away, or undefined. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const bareName = (name: string): string => name.replaceAll(/[-_]/g, '').toLowerCase()

/** Levenshtein distance by the two-row method of Wagner and Fischer. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min((previous[column] as number) + 1, (current[column - 1] as number) + 1, substituted))
    }
    previous = current
  }
  return previous[b.length] as number
}
