/**
 * Kills `preq` at random moments while it follows pages or a chain, and starts the same command again until it ends by
 * itself. A server records which URL it was asked for in which life of the process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { DoneLine } from '../../src/core/journal.ts'

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')
const LATENCY_MS = 20
const ITEMS_PER_PAGE = 3

export interface FollowKills {
  readonly folder: string
  /** `pages`: a cursor in each page. `chain`: two stages, of which the first lists the ids for the second. */
  readonly kind: 'pages' | 'chain'
  /** Requests of the input. */
  readonly roots: number
  /** Further requests of each. */
  readonly each: number
  readonly kills: number
  readonly maxDelayMs: number
  readonly random: () => number
}

export interface Survived {
  readonly kills: number
  /** Rows of the output that are missing, and that are there more than once. */
  readonly gaps: number
  readonly duplicates: number
  readonly requests: number
  /** Requests that were sent although an earlier life had recorded them. */
  readonly repeatedDone: number
  /** Requests that were sent more than once. */
  readonly resent: number
  readonly code: number | null
}

interface Arrival {
  readonly url: string
  readonly life: number
}

interface Asked {
  readonly arrivals: Arrival[]
  life: number
  onArrival: () => void
}

export async function surviveKills(parts: FollowKills): Promise<Survived> {
  const asked: Asked = { arrivals: [], life: 0, onArrival: () => undefined }
  const server = createServer((request, response) => {
    asked.arrivals.push({ url: request.url ?? '', life: asked.life })
    asked.onArrival()
    setTimeout(
      () => response.end(JSON.stringify(answerTo(request.url ?? '', parts))),
      LATENCY_MS * (0.5 + parts.random()),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await lives(parts, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function lives(parts: FollowKills, origin: string, asked: Asked): Promise<Survived> {
  const { folder, kills, maxDelayMs, random } = parts
  const recorded: ReadonlySet<string>[] = []
  for (;;) {
    asked.life = recorded.length
    const child = spawn(process.execPath, [MAIN, ...argsFor(parts, origin)], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const ended = once(child, 'close').then(([code]) => code as number | null)
    if (recorded.length < kills) {
      const arrived = new Promise<void>(resolve => (asked.onArrival = resolve))
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      if (random() < 0.8) await Promise.race([arrived, ended])
      // oxlint-disable-next-line no-await-in-loop
      await Promise.race([wait(random() * maxDelayMs), ended])
      child.kill('SIGKILL')
    }
    // oxlint-disable-next-line no-await-in-loop
    const code = await ended
    if (code !== null) {
      if (code !== 0) throw new Error(`life ${recorded.length} ended with ${code}: ${said}`)
      return judged(parts, asked.arrivals, recorded, code)
    }
    recorded.push(new Set(pathsIn(join(folder, 'run.jsonl'))))
  }
}

const LIST = '/list?of='

function argsFor({ kind, roots }: FollowKills, origin: string): string[] {
  const what =
    kind === 'pages'
      ? ['--paginate', 'cursor', '--next', 'next', '--page-param', 'cursor', '--items', 'items']
      : ['--then', `${origin}/item/{value}`, '--each', 'ids']
  return [`${origin}${LIST}{1..${roots}}`, ...what, '-o', 'run.jsonl', '-o', 'rows.jsonl', '--resume', '--no-progress']
}

/** A page names the next one, a list the ids of its items. */
function answerTo(url: string, { kind, each }: FollowKills): unknown {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
  if (pathname !== '/list') return { row: pathname.split('/').at(-1) }
  const of = searchParams.get('of')
  if (kind === 'chain') return { ids: Array.from({ length: each }, (_, n) => `${of}-${n}`) }
  const page = Number(searchParams.get('cursor') ?? 0)
  const items = Array.from({ length: ITEMS_PER_PAGE }, (_, n) => ({ row: `${of}-${page * ITEMS_PER_PAGE + n}` }))
  return { items, next: page < each ? page + 1 : null }
}

function pathsIn(path: string): string[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
  const done = lines.map(line => JSON.parse(line) as DoneLine).filter(line => 'ok' in line)
  return done.map(({ url }) => url.replace(/^http:\/\/[^/]+/, ''))
}

function judged(
  { folder, kind, roots, each }: FollowKills,
  arrivals: readonly Arrival[],
  recorded: readonly ReadonlySet<string>[],
  code: number,
): Survived {
  const text = readFileSync(join(folder, 'rows.jsonl'), 'utf8').trimEnd()
  const rows = text.split('\n').map(line => (JSON.parse(line) as { value: { row: string } }).value.row)
  const expected = roots * (kind === 'pages' ? (each + 1) * ITEMS_PER_PAGE : each)
  const urls = new Set(arrivals.map(({ url }) => url))
  return {
    kills: recorded.length,
    gaps: expected - new Set(rows).size,
    duplicates: rows.length - new Set(rows).size,
    requests: roots * (each + 1),
    repeatedDone: arrivals.filter(({ url, life }) => recorded.slice(0, life).some(done => done.has(url))).length,
    resent: arrivals.length - urls.size,
    code,
  }
}
