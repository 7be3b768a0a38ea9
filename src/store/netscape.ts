/**
 * The cookies.txt of Netscape, as curl, wget and yt-dlp read and write it: one cookie per line, seven fields between
 * tabs. It knows no SameSite and no date of creation; a session cookie has 0 for its end.
 */

/** One cookie as tough-cookie serializes it; the part that matters here. */
export interface StoredCookie {
  readonly key: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly hostOnly: boolean
  /** Epoch milliseconds; Infinity for the end of the session. */
  readonly expiresAtMs: number
}

const HEADER = '# Netscape HTTP Cookie File\n# Written by parallel-requests. Edit at your own risk.\n\n'
const HTTP_ONLY = '#HttpOnly_'

export function formatNetscape(cookies: readonly StoredCookie[]): string {
  const lines = cookies.map(({ key, value, domain, path, secure, httpOnly, hostOnly, expiresAtMs }) => {
    const end = Number.isFinite(expiresAtMs) ? String(Math.ceil(expiresAtMs / 1_000)) : '0'
    const name = `${httpOnly ? HTTP_ONLY : ''}${hostOnly ? '' : '.'}${domain}`
    return [name, yesNo(!hostOnly), path, yesNo(secure), end, key, value].join('\t')
  })
  return HEADER + lines.map(line => `${line}\n`).join('')
}

const yesNo = (is: boolean): string => (is ? 'TRUE' : 'FALSE')

/** The cookies, or the number of the first line that is none. */
export function parseNetscape(text: string): StoredCookie[] | number {
  const cookies: StoredCookie[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const httpOnly = raw.startsWith(HTTP_ONLY)
    const line = httpOnly ? raw.slice(HTTP_ONLY.length) : raw
    if (line.trim() === '' || (line.startsWith('#') && !httpOnly)) continue
    const fields = line.split('\t')
    // curl leaves out the value of a cookie without one.
    if (fields.length === 6) fields.push('')
    const [domain = '', withSubdomains = '', path = '', secure = '', end = '', key = '', value = ''] = fields
    const isCookie =
      fields.length === 7 &&
      /^\.?[^\s.]/.test(domain) &&
      path.startsWith('/') &&
      /^(?:TRUE|FALSE)$/i.test(withSubdomains) &&
      /^(?:TRUE|FALSE)$/i.test(secure) &&
      /^\d{1,15}$/.test(end)
    if (!isCookie) return index + 1
    cookies.push({
      key,
      value,
      domain: domain.replace(/^\./, '').toLowerCase(),
      path,
      secure: secure.toUpperCase() === 'TRUE',
      httpOnly,
      hostOnly: withSubdomains.toUpperCase() === 'FALSE',
      expiresAtMs: end === '0' ? Infinity : Number(end) * 1_000,
    })
  }
  return cookies
}
