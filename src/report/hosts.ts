/** Counts per host. The number of hosts is bounded: those that come after the first thousand are one entry. */
import { Histogram } from '../core/histogram.ts'

export const OTHER_HOSTS = 'other hosts'
export const MAX_HOSTS = 1_000

export class HostCounts {
  readonly host: string
  attempts = 0
  bytes = 0
  /** How many requests ended in each class (classes.ts). */
  readonly classes = new Map<number, number>()
  readonly wire = new Histogram()

  constructor(host: string) {
    this.host = host
  }

  count(kind: number, change: 1 | -1): void {
    this.classes.set(kind, (this.classes.get(kind) ?? 0) + change)
  }
}

export class Hosts {
  /** By number, which fits into twelve bits. */
  readonly list: HostCounts[] = []
  readonly #numbers = new Map<string, number>()
  #lastOrigin = ''
  #lastNumber = 0

  /** The number of the host of a URL. */
  numberOf(url: string): number {
    // Lines of one host often follow each other.
    const end = url.indexOf('/', 8)
    if (end !== -1 && end === this.#lastOrigin.length && url.startsWith(this.#lastOrigin)) return this.#lastNumber
    const known = end === -1 ? undefined : this.#numbers.get(url.slice(0, end))
    if (known !== undefined) return known
    const origin = originOf(url)
    let number = this.#numbers.get(origin)
    if (number === undefined) {
      const name = this.list.length < MAX_HOSTS ? origin : OTHER_HOSTS
      number = this.#numbers.get(name) ?? this.#add(name)
    }
    if (url.startsWith(`${origin}/`)) {
      this.#lastOrigin = origin
      this.#lastNumber = number
    }
    return number
  }

  #add(name: string): number {
    this.#numbers.set(name, this.list.length)
    return this.list.push(new HostCounts(name)) - 1
  }
}

const MAX_HOST = 300

/** Without userinfo. A text that is not a URL counts as `no host`. */
function originOf(url: string): string {
  const found = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]*)/i.exec(url)
  return found === null || found[2] === '' ? 'no host' : `${found[1]}${found[2]}`.toLowerCase().slice(0, MAX_HOST)
}
