/**
 * A client's cookies: the caller's plain pairs, which go with every request, and jars (RFC 6265) for what servers set,
 * one per credential.
 *
 * Pairs of an origin are sent to that origin only. Other pairs are sent until a redirect leads to another origin. A jar
 * follows the RFC's rules, including public suffixes. tough-cookie is loaded with the first cookie, not with the
 * library.
 */
import type { Call } from '../core/call.ts'
import { reasonOf } from '../core/callback.ts'
import type { CookiesInput } from '../core/options.ts'
import type { Clock, CookieStore } from '../core/ports.ts'
import { CookieFile, JAR_OPTIONS } from './cookie-file.ts'
import { Jars } from './jars.ts'
import type { CookiePairs } from '../core/cookie-pairs.ts'

// Limits for one response, against a server that floods the jar.
const MAX_COOKIES_PER_RESPONSE = 50
const MAX_COOKIE_LENGTH = 4_096
// Limits for one request: a server refuses a larger header, and with it the request.
const MAX_COOKIES_PER_REQUEST = 150
const MAX_HEADER_LENGTH = 8_192

/** A client's options for cookies. */
export interface CookiePlan {
  readonly cookies: CookiesInput | undefined
  readonly cookieFile: string | undefined
  /** Whether requests with the same credential, or without one, share the cookies that servers set. */
  readonly shareCookies: boolean
}

export class Cookies {
  readonly #enabled: boolean
  #pairs: Map<string, string> = new Map()
  #pairsByOrigin: Map<string, Map<string, string>> = new Map()
  readonly #jars: Jars
  readonly #file: CookieFile | undefined

  /**
   * @throws ConfigError for a file that cannot be used
   */
  constructor({ cookies: input, cookieFile: file, shareCookies }: CookiePlan, clock: Clock) {
    this.#enabled = input !== false
    if (file !== undefined) this.#file = new CookieFile(file, clock)
    this.#jars = new Jars(shareCookies)
    this.#jars.client = this.#file?.jar
    if (input !== undefined && input !== false) this.set(input)
  }

  /** Adds pairs to the existing ones, or replaces the jar. */
  set(input: Exclude<CookiesInput, false>): void {
    if (isStore(input)) this.#jars.client = input
    else for (const [name, value] of Object.entries<string | CookiePairs>(input)) this.#add(name, value)
  }

  #add(name: string, value: string | CookiePairs): void {
    if (typeof value === 'string') return void this.#pairs.set(name, value)
    const { origin } = new URL(name)
    const pairs = this.#pairsByOrigin.get(origin) ?? new Map<string, string>()
    for (const pair of Object.entries(value)) pairs.set(...pair)
    this.#pairsByOrigin.set(origin, pairs)
  }

  /** Forgets all cookies, given or learnt. */
  reset(): void {
    this.#pairs.clear()
    this.#pairsByOrigin.clear()
    this.#jars.clear()
    this.#file?.touch()
  }

  /** Writes pending changes. */
  async close(): Promise<void> {
    await this.#file?.close()
  }

  headerFor(call: Call, own: string | undefined): string {
    if (!this.#enabled) return ''
    const jar = this.#jars.of(call.trip)
    if (jar === undefined && this.#pairs.size === 0 && this.#pairsByOrigin.size === 0) return ''
    const learned = jar === undefined ? [] : jar.getCookieStringSync(call.url).split('; ').filter(Boolean)
    const given = new Map([...(call.atHome ? this.#pairs : []), ...(this.#pairsByOrigin.get(call.origin) ?? [])])
    // A cookie that the server has set since replaces the caller's.
    for (const cookie of learned) given.delete(cookieNameOf(cookie))
    const all = [...[...given].map(([name, value]) => `${name}=${value}`), ...learned]
    // A Cookie header of the request itself wins over both, so that no name is sent twice.
    const taken = new Set(own === undefined ? [] : own.split(';').map(cookieNameOf))
    const pairs = taken.size === 0 ? all : all.filter(cookie => !taken.has(cookieNameOf(cookie)))
    const header = pairs.join('; ')
    if (pairs.length <= MAX_COOKIES_PER_REQUEST && header.length <= MAX_HEADER_LENGTH) return header
    return fitting(pairs, call)
  }

  learn(call: Call, setCookies: readonly string[]): undefined | Promise<void> {
    if (!this.#enabled) return undefined
    const { trip } = call
    const jar = this.#jars.of(trip)
    if (jar !== undefined) {
      this.#store(jar, call, setCookies)
      if (jar === this.#file?.jar) this.#file.touch()
      return undefined
    }
    return import('tough-cookie').then(({ CookieJar }) => {
      const made = this.#jars.of(trip) ?? this.#jars.add(trip, new CookieJar(undefined, JAR_OPTIONS))
      this.#store(made, call, setCookies)
    })
  }

  #store(jar: CookieStore, call: Call, setCookies: readonly string[]): void {
    if (setCookies.length > MAX_COOKIES_PER_RESPONSE)
      call.trip.warn(`of ${setCookies.length} cookies set by one response, ${MAX_COOKIES_PER_RESPONSE} were kept`)
    for (const cookie of setCookies.slice(0, MAX_COOKIES_PER_RESPONSE)) {
      if (cookie.length > MAX_COOKIE_LENGTH) call.trip.warn(`a cookie of ${cookie.length} characters was not kept`)
      else keep(jar, cookie, call)
    }
  }
}

/** `''` for a cookie without a name. */
const cookieNameOf = (pair: string): string => pair.slice(0, Math.max(pair.indexOf('='), 0)).trim()

/** A caller's jar may throw. The response that brought the cookie is valid all the same. */
function keep(jar: CookieStore, cookie: string, call: Call): void {
  try {
    jar.setCookieSync(cookie, call.url, { ignoreError: true })
  } catch (error) {
    call.trip.warn(`a cookie was not kept: ${reasonOf(error)}`)
  }
}

const isStore = (input: Exclude<CookiesInput, false>): input is CookieStore =>
  typeof (input as Partial<CookieStore>).getCookieStringSync === 'function'

/** The first pairs, as many as one request may carry. */
function fitting(pairs: readonly string[], call: Call): string {
  let header = ''
  let count = 0
  for (const pair of pairs) {
    const longer = header === '' ? pair : `${header}; ${pair}`
    if (longer.length > MAX_HEADER_LENGTH || count === MAX_COOKIES_PER_REQUEST) continue
    header = longer
    count++
  }
  call.trip.warn(`of ${pairs.length} cookies for this request, ${count} were sent`)
  return header
}
