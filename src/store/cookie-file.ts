/**
 * A cookie jar in a file. It is read once when the client is made, and written one second after a change and when the
 * client is closed. Each write replaces the file atomically. Only its owner may read it.
 *
 * The format is tough-cookie's JSON, or Netscape's cookies.txt if the path ends in `.txt`. If two clients use one file,
 * the last write wins.
 */
import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { CookieJar, SerializedCookieJar } from 'tough-cookie'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { headerProblem } from '../core/headers.ts'
import type { Clock, Timer } from '../core/ports.ts'
import { unlessDenied } from '../core/denied.ts'
import { printable } from '../core/printable.ts'
import { formatNetscape, parseNetscape } from './netscape.ts'
import { toughCookie } from './tough-cookie.ts'
import { problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'
import { say } from '../core/words.ts'

const SAVE_AFTER_MS = 1_000
/** As the RFC demands: even on a loopback address, a secure cookie needs a secure connection. */
export const JAR_OPTIONS = { allowSecureOnLocal: false } as const

export class CookieFile {
  readonly jar: CookieJar
  readonly #path: string
  readonly #given: string
  readonly #clock: Clock
  #timer: Timer | undefined
  #saving: Promise<void> = Promise.resolve()

  /**
   * @throws ConfigError for a file that is not a jar, or cannot be read or written. The file is not changed.
   */
  constructor(path: string, clock: Clock) {
    this.#given = path
    this.#clock = clock
    this.#path = realPath(path)
    const { jar, badLines } = load(this.#path, path)
    this.jar = jar
    if (badLines.length > 0) warn(`${path} has ${lineNumbers(badLines)}, which the next write will drop`)
  }

  /** Called when the jar has changed. */
  touch(): void {
    this.#timer ??= this.#clock.after(SAVE_AFTER_MS, () => void this.#save())
  }

  /** Writes pending changes. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) await this.#save()
    await this.#saving
  }

  #save(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const text = isNetscape(this.#path)
      ? netscapeOf(this.jar)
      : `${JSON.stringify(this.jar.serializeSync(), null, 1)}\n`
    const bytes = Buffer.from(text, encodingOf(this.#path))
    // Writes one after the other, so that the last one wins.
    this.#saving = this.#saving.then(() => replace(this.#path, bytes)).catch(error => this.#warn(error))
    return this.#saving
  }

  #warn(error: unknown): void {
    warn(`cannot write ${this.#given} (${reasonOf(error)}); the file is unchanged`)
  }
}

function warn(message: string): void {
  process.emitWarning(`${say([{ option: 'cookieFile' }])}: ${printable(message)}`, 'ParallelRequestsWarning')
}

const MAX_LINES_SHOWN = 5

/** Names the lines by their numbers, because their content may be secret. */
function lineNumbers(numbers: readonly number[]): string {
  const [only] = numbers
  if (numbers.length === 1) return `a line that is not a cookie (${only})`
  const shown = numbers.slice(0, MAX_LINES_SHOWN).join(', ')
  return `${numbers.length} lines that are not cookies (${shown}${numbers.length > MAX_LINES_SHOWN ? ', …' : ''})`
}

const isNetscape = (path: string): boolean => /\.txt$/i.test(path)

/** A cookies.txt is read as bytes, like the headers that its cookies come from and go to. */
const encodingOf = (path: string): 'latin1' | 'utf8' => (isNetscape(path) ? 'latin1' : 'utf8')

/** Throws what a client with this file would throw. */
export function checkCookieFile(path: string): void {
  load(realPath(path), path)
}

/** Resolves links, so that the file is replaced and not the link. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

interface Loaded {
  readonly jar: CookieJar
  /** Numbers of the lines that were skipped. */
  readonly badLines: readonly number[]
}

function load(path: string, given: string): Loaded {
  const text = readCookieText(path, given)
  const { CookieJar: Jar } = toughCookie()
  if (text.trim() === '') return { jar: new Jar(undefined, JAR_OPTIONS), badLines: [] }
  const { stored, badLines } = isNetscape(path)
    ? fromNetscape(text, given)
    : { stored: fromJson(text, given), badLines: [] }
  try {
    // Only its cookies; its settings are ignored.
    return { jar: new Jar(Jar.deserializeSync(stored).store, JAR_OPTIONS), badLines }
  } catch (error) {
    throw corrupt(given, reasonOf(error))
  }
}

/** The text of the file; empty if it does not exist. */
function readCookieText(path: string, given: string): string {
  try {
    // The folder must be writable, because the file is created in it.
    accessSync(dirname(path), constants.W_OK)
    return existsSync(path) ? readFileSync(path, encodingOf(path)) : ''
  } catch (error) {
    throw unusableCookieFile(given, error)
  }
}

function fromJson(text: string, given: string): SerializedCookieJar {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw corrupt(given, 'a file that is not JSON')
  }
  const { cookies } = (parsed ?? {}) as { cookies?: unknown }
  if (!Array.isArray(cookies) || !cookies.every(isStored)) throw corrupt(given, 'other JSON')
  const { cookies: stored } = parsed as SerializedCookieJar
  if (stored.some(({ key, value }) => headerProblem('cookie', `${key}=${value}`) !== undefined)) {
    throw corrupt(given, 'a cookie that no header can hold')
  }
  return parsed as SerializedCookieJar
}

function isStored(cookie: unknown): boolean {
  const { key, value, domain, path } = (cookie ?? {}) as Record<string, unknown>
  return [key, value ?? '', domain, path].every(field => typeof field === 'string')
}

function fromNetscape(text: string, given: string): { stored: SerializedCookieJar; badLines: readonly number[] } {
  const { cookies, badLines } = parseNetscape(text)
  // A malformed line is skipped, but a file without a single valid line is not a cookies.txt.
  if (cookies.length === 0 && badLines.length > 0) throw corrupt(given, lineNumbers(badLines))
  const creation = new Date().toISOString()
  const stored = {
    version: 'tough-cookie@6',
    storeType: 'MemoryCookieStore',
    rejectPublicSuffixes: true,
    cookies: cookies.map(({ expiresAtMs, ...cookie }) => ({
      ...cookie,
      creation,
      ...(Number.isFinite(expiresAtMs) && { expires: new Date(expiresAtMs).toISOString() }),
    })),
  }
  return { stored, badLines }
}

function netscapeOf(jar: CookieJar): string {
  const { cookies } = jar.serializeSync() as SerializedCookieJar
  const { Cookie } = toughCookie()
  const stored = cookies.flatMap(given => {
    const cookie = Cookie.fromJSON(given)
    if (cookie === undefined) return []
    const { key, value, domain, path, secure, httpOnly, hostOnly } = cookie
    return {
      key,
      value,
      domain: domain ?? '',
      path: path ?? '/',
      secure,
      httpOnly,
      hostOnly: hostOnly ?? true,
      expiresAtMs: cookie.expiryTime() ?? Infinity,
    }
  })
  const nowMs = Date.now()
  return formatNetscape(stored.filter(({ expiresAtMs }) => expiresAtMs > nowMs))
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync().catch(unlessDenied)
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function corrupt(given: string, reason: string): ConfigError {
  const format = isNetscape(given) ? "cookies.txt of Netscape's format" : 'jar of tough-cookie in JSON'
  return new ConfigError([
    problem(
      'cookieFile',
      `${given} to be a ${format}`,
      reason,
      'Nothing was changed: repair it, move it away, or give another path.',
    ),
  ])
}

function unusableCookieFile(given: string, error: unknown): ConfigError {
  return new ConfigError([
    {
      cannot: ['read and write ', { option: 'cookieFile' }, ` ${given}`],
      because: systemReason(error),
      remedy: 'Make its folder, or give another path.',
    },
  ])
}
