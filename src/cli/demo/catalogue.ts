/**
 * The records of the demo's API: a few hundred invented repositories. They are generated from a seed, so that every run
 * fetches the same records and a test can compare them.
 */

export interface Repository {
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly description: string
  readonly language: string
  readonly license: string
  readonly topics: readonly string[]
  readonly stars: number
  readonly forks: number
  readonly openIssues: number
  readonly archived: boolean
  /** Days, as `YYYY-MM-DD`. */
  readonly createdOn: string
  readonly pushedOn: string
}

const words = (text: string): string[] => text.trim().split(/\s+/)

const OWNERS = words(`
  amberline bluefjord cedarworks driftlab eastgate fernhill glasshouse harborside inkwell-io
  junipersoft kestrel-dev lumen-labs mossandstone northwind-oss openquarry pinecone-hq quietriver
  redshift-eng saltmarsh tidepool umbra-tools velvetant westlight yarrow-data
`)

const FLAVOURS = words(`
  tiny swift plain steady lazy honest brisk quiet sharp solid nimble candid frugal mellow keen sturdy
  lucid modest
`)

/** For each kind of repository: the noun of its name, a topic, and its description. */
const KINDS = [
  ['router', 'http', 'HTTP router with typed parameters'],
  ['queue', 'jobs', 'Job queue with delays, retries and priorities'],
  ['cache', 'caching', 'In-memory cache with expiry and size limits'],
  ['parser', 'parsing', 'Streaming JSON parser'],
  ['charts', 'visualization', 'Charts from plain tables'],
  ['forms', 'forms', 'Form state and validation'],
  ['migrate', 'database', 'Database migrations that can be rolled back'],
  ['logger', 'logging', 'Structured logger'],
  ['scheduler', 'cron', 'Cron expressions and a scheduler'],
  ['mailer', 'email', 'Mail templates and delivery'],
  ['search', 'search', 'Full-text search for documents that fit in memory'],
  ['diff', 'text', 'Readable differences between trees and texts'],
  ['config', 'configuration', 'Layered configuration from files and environment'],
  ['geo', 'maps', 'Distances, bounding boxes and tiles'],
  ['auth', 'security', 'Sessions, passwords and one-time codes'],
  ['pdf', 'documents', 'PDF documents from a description'],
  ['csv', 'data', 'CSV reader and writer that survives real files'],
  ['metrics', 'monitoring', 'Counters and histograms for dashboards'],
] as const

const ENDINGS = ['', '', ', without dependencies', ', small enough to read', ', with batteries', ', built for speed']
const LANGUAGES = words('TypeScript TypeScript Python Python Go Rust Java Ruby Kotlin C++ Elixir')
const LICENSES = words('MIT MIT MIT Apache-2.0 Apache-2.0 BSD-3-Clause MPL-2.0 GPL-3.0')

const DAY_MS = 86_400_000
const FIRST_DAY_MS = Date.UTC(2012, 0, 1)
const LAST_DAY_MS = Date.UTC(2025, 5, 30)

export function catalogue(count = 300, seed = 2012): Repository[] {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const taken = new Set<string>()
  const made: Repository[] = []
  while (made.length < count) {
    const [noun, topic, what] = pick(KINDS)
    const name = `${pick(FLAVOURS)}-${noun}`
    const owner = pick(OWNERS)
    if (taken.has(`${owner}/${name}`)) continue
    taken.add(`${owner}/${name}`)

    const language = pick(LANGUAGES)
    // Most repositories have few stars: the number of stars is distributed as 1/x.
    const stars = Math.floor(12 / (random() + 0.0002))
    const createdAtMs = FIRST_DAY_MS + random() * (LAST_DAY_MS - FIRST_DAY_MS)
    made.push({
      id: 10_000 + made.length,
      owner,
      name,
      description: `${what} for ${language}${pick(ENDINGS)}.`,
      language,
      license: pick(LICENSES),
      topics: [topic, language.toLowerCase()],
      stars,
      forks: Math.floor(stars * (0.05 + random() * 0.2)),
      openIssues: Math.floor(Math.sqrt(stars) * random()),
      archived: random() < 0.06,
      createdOn: day(createdAtMs),
      pushedOn: day(createdAtMs + Math.sqrt(random()) * (LAST_DAY_MS - createdAtMs)),
    })
  }
  return made
}

export const fullName = ({ owner, name }: Repository): string => `${owner}/${name}`

const day = (atMs: number): string => new Date(Math.floor(atMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10)

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
