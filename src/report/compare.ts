/** Two runs of the same requests side by side: what is different, and which requests changed their result. */
import { Collector } from './collector.ts'
import type { CompareData, PhaseStatistics, ReportData, RequestReport } from './data.ts'
import type { Entry } from './entry.ts'
import { IdStates } from './id-states.ts'
import { requestReport } from './samples.ts'
import { KeyTable } from '../store/key-table.ts'

const MAX_CHANGED = 200

/** What reads a run into a collector; resolves with its report. */
type Read = (collected: Collector) => Promise<ReportData>

export async function compare(readBefore: Read, readAfter: Read): Promise<CompareData> {
  // The same numbers for the same ids.
  const names = new KeyTable()
  const first = new Collector(new IdStates(names))
  const before = await readBefore(first)
  const second = new ChangesCollector(new IdStates(names), first)
  const after = await readAfter(second)
  return { version: 1, before, after, changes: changesOf(first, second) }
}

/** Remembers requests whose result is another one than in the earlier run. */
class ChangesCollector extends Collector {
  readonly broken = new Map<string, RequestReport>()
  readonly fixed = new Map<string, RequestReport>()
  readonly #before: Collector

  constructor(ids: IdStates, before: Collector) {
    super(ids)
    this.#before = before
  }

  override add(entry: Entry): void {
    super.add(entry)
    const { id, ok } = entry
    const wasOk = this.#before.isOk(this.#before.ids.get(id))
    this.#keep(this.broken, entry, wasOk === true && !ok)
    this.#keep(this.fixed, entry, wasOk === false && ok)
  }

  /** A later line of the request decides. */
  #keep(list: Map<string, RequestReport>, entry: Entry, isChanged: boolean): void {
    if (!isChanged) list.delete(entry.id)
    else if (list.size < MAX_CHANGED || list.has(entry.id)) list.set(entry.id, requestReport(entry))
  }
}

function changesOf(before: Collector, after: ChangesCollector): CompareData['changes'] {
  let [broken, fixed, onlyBefore, onlyAfter] = [0, 0, 0, 0]
  before.ids.compare(after.ids, (one, other) => {
    const [wasOk, isOk] = [before.isOk(one), after.isOk(other)]
    if (wasOk === undefined && isOk === undefined) return
    if (isOk === undefined) onlyBefore++
    else if (wasOk === undefined) onlyAfter++
    else if (wasOk && !isOk) broken++
    else if (!wasOk && isOk) fixed++
  })
  const list = (requests: ReadonlyMap<string, RequestReport>): RequestReport[] =>
    [...requests.values()].toSorted((a, b) => a.index - b.index)
  return {
    broken: { count: broken, requests: list(after.broken) },
    fixed: { count: fixed, requests: list(after.fixed) },
    onlyBefore,
    onlyAfter,
  }
}

/** A difference that is worth a sentence: at least so many times as much, of at least so many milliseconds. */
const NOTABLE_RATIO = 1.25
const NOTABLE_MS = 5
const NOTABLE_COUNT = 10

export interface Shift {
  readonly phase: string
  readonly before: number
  readonly after: number
}

/** Phases whose p95 is notably different, the largest difference first. */
export function notableShifts({ before, after }: CompareData): Shift[] {
  return Object.entries(after.timings)
    .flatMap(([phase, now]): Shift[] => {
      const then = before.timings[phase]
      return then !== undefined && isNotable(then, now) ? [{ phase, before: then.p95, after: now.p95 }] : []
    })
    .toSorted((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
}

function isNotable(then: PhaseStatistics, now: PhaseStatistics): boolean {
  if (Math.min(then.count, now.count) < NOTABLE_COUNT) return false
  const [less, more] = [Math.min(then.p95, now.p95), Math.max(then.p95, now.p95)]
  return more - less >= NOTABLE_MS && more >= NOTABLE_RATIO * less
}
