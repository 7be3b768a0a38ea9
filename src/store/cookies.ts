/**
 * A client's cookies: the caller's plain pairs, and a jar of RFC 6265 for what servers set.
 *
 * Pairs are bound to the origins that the caller named and never follow a redirect; the jar has the rules of the RFC
 * and public suffixes. tough-cookie is loaded with the first cookie, not with the library.
 */
import type { Call } from '../core/call.ts'
import { reasonOf } from '../core/callback.ts'
import type { CookiesInput } from '../core/options.ts'
import type { Clock, CookieStore } from '../core/ports.ts'
import { CookieFile, JAR_OPTIONS } from './cookie-file.ts'

type Pairs = Readonly<Record<string, string>>

// Against a server that floods the jar: what one response may set, and how long one may be.
const MAX_COOKIES_PER_RESPONSE = 50
const MAX_COOKIE_LENGTH = 4_096
// And what one request may carry: a server refuses a larger header, and with it the request.
const MAX_COOKIES_PER_REQUEST = 150
const MAX_HEADER_LENGTH = 8_192

export class Cookies {
  readonly #enabled: boolean
  #pairs: Map<string, string> = new Map()
  #pairsByOrigin: Map<string, Map<string, string>> = new Map()
  #jar: CookieStore | undefined
  readonly #file: CookieFile | undefined

  /** @throws ConfigError for a file that cannot be used */
  constructor(input: CookiesInput | undefined, file: string | undefined, clock: Clock) {
    this.#enabled = input !== false
    if (file !== undefined) this.#file = new CookieFile(file, clock)
    this.#jar = this.#file?.jar
    if (input !== undefined && input !== false) this.set(input)
  }

  /** Adds pairs to what is there, or replaces the jar. */
  set(input: Exclude<CookiesInput, false>): void {
    if (isStore(input)) this.#jar = input
    else for (const [name, value] of Object.entries<string | Pairs>(input)) this.#add(name, value)
  }

  #add(name: string, value: string | Pairs): void {
    if (typeof value === 'string') return void this.#pairs.set(name, value)
    const { origin } = new URL(name)
    const pairs = this.#pairsByOrigin.get(origin) ?? new Map<string, string>()
    for (const pair of Object.entries(value)) pairs.set(...pair)
    this.#pairsByOrigin.set(origin, pairs)
  }

  /** Forgets everything, given or learned. */
  reset(): void {
    this.#pairs.clear()
    this.#pairsByOrigin.clear()
    this.#jar?.removeAllCookiesSync()
    this.#file?.touch()
  }

  /** Saves what is not saved yet. */
  async close(): Promise<void> {
    await this.#file?.close()
  }

  headerFor(call: Call): string {
    if (!this.#enabled) return ''
    if (this.#jar === undefined && this.#pairs.size === 0 && this.#pairsByOrigin.size === 0) return ''
    const learned = this.#jar?.getCookieStringSync(call.url) ?? ''
    const given = new Map([...(call.atHome ? this.#pairs : []), ...(this.#pairsByOrigin.get(call.origin) ?? [])])
    // What the server has set since wins over what the caller gave.
    for (const cookie of learned.split('; ')) given.delete(cookie.slice(0, cookie.indexOf('=')))
    const pairs = [...given].map(([name, value]) => `${name}=${value}`)
    if (learned !== '') pairs.push(...learned.split('; '))
    const header = pairs.join('; ')
    if (pairs.length <= MAX_COOKIES_PER_REQUEST && header.length <= MAX_HEADER_LENGTH) return header
    return fitting(pairs, call)
  }

  learn(call: Call, setCookies: readonly string[]): undefined | Promise<void> {
    if (!this.#enabled) return undefined
    if (this.#jar !== undefined) {
      this.#store(this.#jar, call, setCookies)
      this.#file?.touch()
      return undefined
    }
    return import('tough-cookie').then(({ CookieJar }) => {
      this.#jar ??= new CookieJar(undefined, JAR_OPTIONS)
      this.#store(this.#jar, call, setCookies)
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

/** A jar of the caller's may throw; the answer that brought the cookie is good all the same. */
function keep(jar: CookieStore, cookie: string, call: Call): void {
  try {
    jar.setCookieSync(cookie, call.url, { ignoreError: true })
  } catch (error) {
    call.trip.warn(`a cookie was not kept: ${reasonOf(error)}`)
  }
}

const isStore = (input: Exclude<CookiesInput, false>): input is CookieStore =>
  typeof (input as Partial<CookieStore>).getCookieStringSync === 'function'

/** The first ones, as many as one request may carry. */
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
