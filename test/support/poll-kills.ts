/** Kills a process that follows jobs at random moments, and restarts it until it ends by itself. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { liveAs } from './kill-loop.ts'
import type { JobServer } from './job-server.ts'
import type { DoneLine } from '../../src/core/journal.ts'

const PROGRAM = join(import.meta.dirname, 'polled-process.ts')
/** Of the process: attempts in flight at once. */
const CONCURRENCY = 10

export interface PollKills {
  readonly path: string
  readonly server: JobServer
  readonly count: number
  readonly kills: number
  readonly maxDelayMs: number
  readonly random: () => number
}

export interface Survived {
  readonly kills: number
  readonly ok: number
  /** Sent, and killed before the response said where the job is. */
  readonly inDoubt: number
  /** Requests that ended in any other way. */
  readonly others: Readonly<Record<string, number>>
  readonly missing: number
  /** Jobs that were started more than once. */
  readonly startedTwice: number
  /** Jobs that ended ok, or in doubt, and were not started. In doubt, that can be. */
  readonly okUnstarted: number
  /** Requests with more or less than one finished line that is not in doubt. */
  readonly lines: number
  /** The most requests that may be in doubt. */
  readonly mostInDoubt: number
}

export async function surviveKills({ path, server, count, kills, maxDelayMs, random }: PollKills): Promise<Survived> {
  let killed = 0
  for (;;) {
    const life = liveAs(PROGRAM, server.origin, path, String(count))
    if (killed < kills) {
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      await life.started
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      await Promise.race([wait(5 + random() * (maxDelayMs - 5)), life.ended])
      life.process.kill('SIGKILL')
    }
    // oxlint-disable-next-line no-await-in-loop -- the end of this life
    const { code, said, error } = await life.ended
    if (code === null) {
      killed++
      continue
    }
    if (code !== 0) throw new Error(`life ${killed} ended with ${String(code)}: ${error}`)
    const ends = JSON.parse(said.at(-1) ?? '{}') as Record<string, number>
    return judged({ path, server, count }, killed, ends)
  }
}

function judged(
  { path, server, count }: Pick<PollKills, 'path' | 'server' | 'count'>,
  kills: number,
  ends: Readonly<Record<string, number>>,
): Survived {
  const { ok = 0, 'in_doubt/crash': inDoubt = 0, ...others } = ends
  const texts = readFileSync(path, 'utf8').trimEnd().split('\n')
  const done = texts.map(text => JSON.parse(text) as DoneLine).filter(line => 'ok' in line && line.ok)
  const finished = Map.groupBy(done, ({ index }) => index)
  return {
    kills,
    ok,
    inDoubt,
    others,
    missing: count - Object.values(ends).reduce((sum, each) => sum + each, 0),
    startedTwice: [...server.started.values()].filter(times => times > 1).length,
    okUnstarted: [...finished.keys()].filter(index => !server.started.has(String(index))).length,
    lines: [...finished.values()].filter(lines => lines.length > 1).length + Math.abs(finished.size - ok),
    mostInDoubt: kills * CONCURRENCY,
  }
}
