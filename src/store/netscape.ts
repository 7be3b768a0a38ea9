/**
 * Netscape's cookies.txt, as curl, wget and yt-dlp read and write it: one cookie per line, seven fields separated by
 * tabs. It has no SameSite and no creation date; a session cookie has 0 as its expiry.
 *
 * Text here holds one byte per character (Latin-1), as headers do: a value that a server sent in UTF-8 is written
 * unchanged, and sent back unchanged.
 */
import { headerProblem } from '../core/headers.ts'

/** The fields of a cookie that tough-cookie serializes and that the format can hold. */
export interface StoredCookie {
  readonly key: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly hostOnly: boolean
  /** Epoch milliseconds; Infinity for a session cookie. */
  readonly expiresAtMs: number
}

const HEADER = '# Netscape HTTP Cookie File\n# Written by parallel-requests. Edit at your own risk.\n\n'
const HTTP_ONLY = '#HttpOnly_'

/** The last day of a year with four digits. */
const MAX_END_S = Date.UTC(9999, 11, 31) / 1_000

export function formatNetscape(cookies: readonly StoredCookie[]): string {
  const lines = cookies
    .filter(isWritable)
    .map(({ key, value, domain, path, secure, httpOnly, hostOnly, expiresAtMs }) => {
      const end = Number.isFinite(expiresAtMs) ? String(Math.min(Math.ceil(expiresAtMs / 1_000), MAX_END_S)) : '0'
      const name = `${httpOnly ? HTTP_ONLY : ''}${hostOnly ? '' : '.'}${domain}`
      return [name, yesNo(!hostOnly), path, yesNo(secure), end, key, value].join('\t')
    })
  return HEADER + lines.map(line => `${line}\n`).join('')
}

/** A server may put a tab into a path, which the format cannot hold. */
const isWritable = ({ key, value, domain, path }: StoredCookie): boolean =>
  ![key, value, domain, path].some(field => /[\t\r\n\u0100-\uffff]/.test(field))

const yesNo = (is: boolean): string => (is ? 'TRUE' : 'FALSE')

export interface ReadCookies {
  readonly cookies: readonly StoredCookie[]
  /** Numbers of the lines that are neither a cookie nor a comment. */
  readonly badLines: readonly number[]
}

const BOM = '\xef\xbb\xbf'

export function parseNetscape(text: string): ReadCookies {
  const cookies: StoredCookie[] = []
  const badLines: number[] = []
  const lines = (text.startsWith(BOM) ? text.slice(BOM.length) : text).split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const isComment = line.startsWith('#') && !line.startsWith(HTTP_ONLY)
    if (isComment || line.trim() === '' || line.trim() === HTTP_ONLY) continue
    const cookie = cookieIn(line)
    if (cookie === undefined) badLines.push(index + 1)
    else cookies.push(cookie)
  }
  return { cookies, badLines }
}

function cookieIn(line: string): StoredCookie | undefined {
  const httpOnly = line.startsWith(HTTP_ONLY)
  const fields = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split('\t')
  // curl omits the last field of a cookie with an empty value.
  if (fields.length === 6) fields.push('')
  const [domain = '', withSubdomains = '', path = '', secure = '', end = '', key = '', value = ''] = fields
  const isCookie =
    fields.length === 7 &&
    /^\.?[^\s.]/.test(domain) &&
    path.startsWith('/') &&
    /^(?:TRUE|FALSE)$/i.test(withSubdomains) &&
    /^(?:TRUE|FALSE)$/i.test(secure) &&
    /^\d{1,19}$/.test(end) &&
    headerProblem('cookie', `${key}=${value}`) === undefined
  if (!isCookie) return undefined
  return {
    key,
    value,
    domain: domain.replace(/^\./, '').toLowerCase(),
    path,
    secure: secure.toUpperCase() === 'TRUE',
    httpOnly,
    hostOnly: withSubdomains.toUpperCase() === 'FALSE',
    expiresAtMs: end === '0' ? Infinity : Math.min(Number(end), MAX_END_S) * 1_000,
  }
}
