/**
 * A token that is replaced while requests are sent, shared by all requests with the same `auth`. At most one refresh
 * runs at a time, and every request that needs the new token waits for that one.
 *
 * A token is replaced when there is none, when it is about to expire, and when a server has answered 401 to it.
 */
import { binaryOf } from './binary.ts'
import { reasonOf } from './callback.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { headerProblem } from './headers.ts'
import type { Clock } from './ports.ts'
import { fault } from './result.ts'
import type { Fault } from './result.ts'
import { redacted, secretsAmong } from './secrets.ts'
import type { Secret } from './secrets.ts'
import type { ClientAuth, Refreshed, TokenContext } from './spec.ts'
import type { Soon } from './layer.ts'

/** Makes a token: the caller's function, or a request to a token endpoint. Never called twice at a time. */
export type Refresh = (context: TokenContext) => unknown

/** A token endpoint; see `OAuthInput`. */
export interface OAuthPlan {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scope: string | undefined
  readonly clientAuth: ClientAuth
  readonly params: Readonly<Record<string, string>>
}

/** What a token endpoint has given; without a refresh token, the old one is kept. */
export type Granted = Exclude<Refreshed, string> & { readonly refreshToken?: string | undefined }

/** Asks a token endpoint, with the refresh token if there is one. */
export type Grant = (plan: OAuthPlan, refreshToken: string | undefined, signal: AbortSignal) => Promise<Granted>

/** Where new tokens come from: the caller's function, or a token endpoint. */
export type TokenOrigin =
  | { readonly refresh: Refresh; readonly oauth?: undefined }
  | { readonly oauth: OAuthPlan; readonly refreshToken: string | undefined }

export interface TokensInput {
  /** The first token; undefined to get one before the first request. */
  readonly token: string | undefined
  readonly origin: TokenOrigin
  /** How long a token lives that does not say so itself; Infinity = until a 401. */
  readonly lifetimeMs: number
  /** The word before the token in the `Authorization` header. */
  readonly scheme: string
  /** Called with each new token. */
  readonly refreshed?: (made: Token) => void
}

export interface Token {
  readonly token: string
  /** Undefined if it does not say so. */
  readonly lifetimeMs: number | undefined
  /** From a token endpoint; undefined to keep the old one. */
  readonly refreshToken: string | undefined
}

/** Where a refresh runs. */
export interface RefreshLimits {
  readonly clock: Clock
  /** Infinity = no limit. */
  readonly timeoutMs: number
  readonly grant: Grant
}

/** A token is replaced this long before it expires, or a tenth of its lifetime before, whichever is less. */
const MARGIN_MS = 30_000
/** However short a token lives, refreshes of expired tokens are this far apart. */
const SHORTEST_LIFE_MS = 1_000
/** A refused token that is younger is not the reason for the 401 if it has not worked, or a repeat failed with it. */
const YOUNG_MS = 10_000
/** After the second failed refresh in a row, requests fail for this long without another try. */
const PAUSE_MS = 1_000
/** Tokens that are known for the redaction of texts. */
const MAX_KNOWN = 4

let lastNumber = 0

export class Tokens {
  /** Distinguishes it from others, and says nothing about its tokens. */
  readonly name = `tokens ${++lastNumber}`
  readonly #origin: TokenOrigin
  readonly #refreshed: TokensInput['refreshed']
  readonly lifetimeMs: number
  readonly scheme: string
  #token: string | undefined
  #authorization = ''
  #version = 1
  /** Monotonic ms; undefined until the first request, which starts the clock. */
  #renewAtMs: number | undefined = undefined
  #refreshedAtMs = -Infinity
  #refused = false
  /** The last refresh, if it failed after this time: requests that were in flight at that moment fail with it. */
  failureSince(sinceMs: number): Fault | undefined {
    return this.#failures > 0 && this.#failedAtMs >= sinceMs ? this.#failure : undefined
  }

  /** A request has succeeded with this token. */
  #worked = false
  /** A repeat with this token was refused as well. */
  #doubted = false
  #failures = 0
  #failedAtMs = -Infinity
  #failure: Fault | undefined = undefined
  #running: Promise<Fault | undefined> | undefined = undefined
  #refreshToken: string | undefined = undefined
  /** Of the client at its token endpoint. */
  #secrets: readonly string[] = []
  /** The current one and those before it. */
  #tokens: readonly string[] = []
  #known: readonly Secret[] = []

  constructor({ token, origin, lifetimeMs, scheme, refreshed }: TokensInput) {
    this.#refreshed = refreshed
    this.#origin = origin
    if (origin.oauth !== undefined) {
      const { clientId, clientSecret } = origin.oauth
      this.#refreshToken = origin.refreshToken
      if (clientSecret !== undefined) this.#secrets = [clientSecret, btoa(binaryOf(`${clientId}:${clientSecret}`))]
      this.#learn()
    }
    this.lifetimeMs = lifetimeMs
    this.scheme = scheme
    if (token !== undefined) this.#set(token)
  }

  /** The value of the `Authorization` header. */
  get authorization(): string {
    return this.#authorization
  }

  /** The number of the current token. */
  get version(): number {
    return this.#version
  }

  /** The current token; undefined if there is none, or it was refused. */
  get token(): string | undefined {
    return this.#refused ? undefined : this.#token
  }

  /** The current token and the last ones before it, in every form in which a text may hold them; longest first. */
  get known(): readonly Secret[] {
    return this.#known
  }

  /** A getter, so that nothing that prints this object prints a secret. */
  get origin(): TokenOrigin {
    return this.#origin
  }

  get refreshToken(): string | undefined {
    return this.#refreshToken
  }

  isReady(nowMs: number): boolean {
    if (this.#token === undefined || this.#refused || this.#running !== undefined) return false
    this.#renewAtMs ??= nowMs + renewalMs(this.lifetimeMs)
    return nowMs < this.#renewAtMs
  }

  /** Undefined once there is a token; a Fault if it could not be had. Starts a refresh unless one is running. */
  ready(limits: RefreshLimits): Soon<Fault | undefined> {
    const nowMs = limits.clock.now()
    if (this.#running !== undefined) return this.#running
    if (this.isReady(nowMs)) return undefined
    if (this.#failures > 1 && nowMs - this.#failedAtMs < PAUSE_MS) return this.#failure
    // Set before the caller's function runs, which may send requests that need a token.
    const { promise, resolve } = Promise.withResolvers<Fault | undefined>()
    this.#running = promise
    void this.#renew(limits).then(failure => {
      this.#running = undefined
      resolve(failure)
    })
    return promise
  }

  /** A request has succeeded with this token. */
  accept(version: number): void {
    if (version === this.#version) this.#worked = true
  }

  /**
   * A server answered 401 to the token of this version. Returns whether the request may be sent again with another one.
   * @param isRepeat whether the request was sent again for this reason before
   */
  refuse(version: number, isRepeat: boolean, nowMs: number): boolean {
    if (version !== this.#version || this.#refused) return !isRepeat
    if (isRepeat) this.#doubted = true
    const isYoung = nowMs - this.#refreshedAtMs < YOUNG_MS
    if (isYoung && (this.#doubted || !this.#worked)) return false
    this.#refused = true
    return !isRepeat
  }

  /**
   * Takes what `refresh` has returned as the new token.
   * @throws TypeError if it is none
   */
  adopt(answer: unknown, nowMs: number): Token {
    const made = tokenIn(answer)
    this.#refreshToken = made.refreshToken ?? this.#refreshToken
    // The first token may come from a cache, as one that the caller gives: it has replaced none.
    this.#refreshedAtMs = this.#token === undefined ? -Infinity : nowMs
    this.#set(made.token)
    this.#version++
    this.#renewAtMs = nowMs + renewalMs(made.lifetimeMs ?? this.lifetimeMs)
    this.#refused = this.#worked = this.#doubted = false
    this.#failures = 0
    this.#refreshed?.(made)
    return made
  }

  /** Never rejects. */
  async #renew({ clock, timeoutMs, grant }: RefreshLimits): Promise<Fault | undefined> {
    const controller = new AbortController()
    const late = Promise.withResolvers<never>()
    const giveUp = (): void => {
      late.reject(new Error(`it took longer than ${formatDuration(timeoutMs)}`))
      controller.abort()
    }
    const timer = timeoutMs === Infinity ? undefined : clock.after(timeoutMs, giveUp)
    try {
      const origin = this.#origin
      const { signal } = controller
      const answer =
        origin.oauth === undefined
          ? origin.refresh({ token: this.#token, reason: this.#reason(), signal })
          : grant(origin.oauth, this.#refreshToken, signal)
      this.adopt(await Promise.race([answer, late.promise]), clock.now())
      return undefined
    } catch (error) {
      this.#failures++
      this.#failedAtMs = clock.now()
      return (this.#failure = this.#failed(error))
    } finally {
      timer?.cancel()
    }
  }

  #reason(): TokenContext['reason'] {
    if (this.#token === undefined) return 'missing'
    return this.#refused ? 'refused' : 'expiring'
  }

  #set(token: string): void {
    this.#token = token
    this.#authorization = `${this.scheme} ${token}`
    this.#tokens = [token, ...this.#tokens.filter(old => old !== token)].slice(0, MAX_KNOWN)
    this.#learn()
  }

  #learn(): void {
    const refreshTokens = this.#refreshToken === undefined ? [] : [this.#refreshToken]
    this.#known = secretsAmong([...this.#secrets, ...refreshTokens, ...this.#tokens])
  }

  /** What was thrown may hold the token that was to be replaced, or the secret of the client. */
  #failed(error: unknown): Fault {
    const clean = (text: string): string => redacted(text, this.#known, undefined)
    const reason = shortened(clean(reasonOf(error)))
    const isClean = error instanceof Error && reason === error.message && clean(error.stack ?? '') === error.stack
    const cause = isClean ? error : Object.assign(new Error(reason), codesOf(error))
    return fault('auth/refresh', `the token could not be refreshed: ${reason}`, { cause })
  }
}

/** The longest message of another that is quoted. */
const MAX_REASON = 400

const shortened = (text: string): string => (text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text)

/** What a program may ask of an error whose text is not kept: short words, and numbers. */
function codesOf(error: unknown): Readonly<Record<string, unknown>> {
  if (typeof error !== 'object' || error === null) return {}
  const codes = Object.entries(error).filter(
    ([name, value]) =>
      ['code', 'error', 'status'].includes(name) &&
      (typeof value === 'number' || (typeof value === 'string' && /^\w{1,40}(?:\/\w{1,40})?$/.test(value))),
  )
  return Object.fromEntries(codes)
}

function renewalMs(lifetimeMs: number): number {
  return Math.max(SHORTEST_LIFE_MS, lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 10))
}

/** What `refresh` returned, as a token. @throws if it is none; the message never shows it */
function tokenIn(answer: unknown): Token {
  const given = typeof answer === 'object' && answer !== null ? answer : { token: answer }
  const { token, expiresIn, refreshToken } = given as Partial<Granted>
  if (typeof token !== 'string' || token === '') {
    const what = token === '' ? 'an empty one' : answer === undefined ? 'undefined' : 'none'
    throw new TypeError(`expected refresh to return a token, as a string or as { token, expiresIn }, got ${what}`)
  }
  if (headerProblem('authorization', token) !== undefined) {
    throw new TypeError('expected refresh to return a token that a header can hold. Check for line breaks at its end')
  }
  if (expiresIn === undefined) return { token, lifetimeMs: undefined, refreshToken }
  const lifetimeMs = typeof expiresIn === 'string' ? parseDuration(expiresIn) : expiresIn
  if (typeof lifetimeMs !== 'number' || !(lifetimeMs > 0)) {
    throw new TypeError("expected refresh to return expiresIn as a duration such as '1h', or as milliseconds")
  }
  return { token, lifetimeMs, refreshToken }
}
