/**
 * Sums up a run in bounded memory, one entry after the other.
 *
 * Attempts, bytes, latencies and the timeline count every line, because all of them were sent. The last line of a request
 * decides how it ended: after `--resume --retry-failed`, a request that failed first and then succeeded is ok.
 */
import { Causes } from './causes.ts'
import { Classes, IN_DOUBT, UNSENT } from './classes.ts'
import { isUnsentEntry, wireMsOf } from './entry.ts'
import type { Entry } from './entry.ts'
import { Hosts } from './hosts.ts'
import type { HostCounts } from './hosts.ts'
import { IdStates } from './id-states.ts'
import type { Line, PauseNote, RunNote } from './line.ts'
import { RunClock } from './run-clock.ts'
import { Samples } from './samples.ts'
import { Timeline } from './timeline.ts'
import { Histogram } from '../core/histogram.ts'

const MAX_PAUSES = 300
const MAX_REASONS = 50
/** A class and a host fit into a state: eleven and ten bits. */
const CLASS_BITS = 11
const CLASS_MASK = (1 << CLASS_BITS) - 1

export interface Pause {
  readonly host: string
  readonly fromMs: number
  toMs: number
}

/** The phases in the order of a request. */
export const PHASES = [
  'queue',
  'limiter',
  'backoff',
  'polling',
  'dns',
  'connect',
  'tls',
  'firstByte',
  'body',
  'total',
] as const

export class Collector {
  readonly classes = new Classes()
  readonly hosts = new Hosts()
  readonly clock = new RunClock()
  readonly timeline = new Timeline()
  readonly samples = new Samples()
  readonly ids: IdStates
  readonly phases = PHASES.map(() => new Histogram())
  readonly pauses: Pause[] = []
  readonly retriedFor = new Map<string, number>()
  morePauses = 0
  sessions = 0
  start: RunNote | undefined
  end: RunNote | undefined
  readonly causes = new Causes()
  /** If several processes have run it. */
  batch: RunNote | undefined
  attempts = 0
  retries = 0
  bytes = 0
  entries = 0
  superseded = 0
  /** Whether a request that was repeated has no record of its attempts. */
  lacksTries = false

  constructor(ids = new IdStates()) {
    this.ids = ids
  }

  take(line: Line): void {
    switch (line.kind) {
      case 'entry':
        return this.add(line.entry)
      case 'intent':
        return this.#addIntent(line.id, line.isRevoked)
      case 'run':
        return this.#addRun(line.note)
      case 'pause':
        return this.#addPause(line.note)
      case 'bad':
      case 'other':
    }
  }

  add(entry: Entry): void {
    this.entries++
    const { ok, id, url, code, status, bytes, atMs } = entry
    const number = this.hosts.numberOf(url)
    const host = this.hosts.list[number] as HostCounts
    const isUnsent = isUnsentEntry(entry)
    const ending = isUnsent ? UNSENT : this.classes.numberOf(ok ? 'ok' : (code as string), status)
    const before = this.ids.swap(id, 1 + ending + (number << CLASS_BITS))
    if (before !== 0) this.#revert(id, before - 1, entry.isAgain)
    host.count(ending, 1)
    if (isUnsent) return
    if (entry.isAgain && before !== 0) {
      if (!ok) this.samples.addFailure(entry, host.host)
      return
    }
    const wireMs = wireMsOf(entry)
    this.#addTimes(entry, host, wireMs)
    if (atMs !== undefined) this.#place(atMs, wireMs, ok, bytes)
    if (entry.attempts > 1) this.#addRetries(entry)
    if (!ok) this.samples.addFailure(entry, host.host)
    this.samples.addSlow(entry)
  }

  /** Of a state of `ids`. Undefined for one without a result. */
  isOk(state: number): boolean | undefined {
    const ending = (state - 1) & CLASS_MASK
    if (state === 0 || ending === IN_DOUBT || ending === UNSENT) return undefined
    return this.classes.list[ending]?.code === 'ok'
  }

  #addTimes({ timings, attempts, bytes }: Entry, host: HostCounts, wireMs: number): void {
    for (let at = 0; at < PHASES.length; at++) {
      const ms = timings[PHASES[at] as string]
      if (ms !== undefined) (this.phases[at] as Histogram).add(ms)
    }
    this.attempts += attempts
    this.bytes += bytes
    host.attempts += attempts
    host.bytes += bytes
    if (attempts > 0) host.wire.add(wireMs)
  }

  #place(atMs: number, wireMs: number, ok: boolean, bytes: number): void {
    const ms = this.clock.place(atMs, wireMs)
    if (this.clock.isUnordered) this.timeline.reach(ms - wireMs)
    this.timeline.add(ms, wireMs, ok, bytes)
  }

  /** Takes back how an earlier line says that the request ended. */
  #revert(id: string, state: number, isAgain = false): void {
    const ending = state & CLASS_MASK
    this.hosts.list[state >>> CLASS_BITS]?.count(ending, -1)
    if (ending !== IN_DOUBT && ending !== UNSENT && !isAgain) this.superseded++
    this.samples.removeFailure(id)
  }

  #addIntent(id: string, isRevoked: boolean): void {
    const number = this.hosts.numberOf('')
    const before = this.ids.swap(id, isRevoked ? 0 : 1 + IN_DOUBT + (number << CLASS_BITS))
    if (before !== 0) this.#revert(id, before - 1)
    if (!isRevoked) this.hosts.list[number]?.count(IN_DOUBT, 1)
  }

  #addRetries({ attempts, tries }: Entry): void {
    if (tries === undefined) {
      this.retries += attempts - 1
      this.lacksTries = true
      return
    }
    const isPoll = tries.map(({ poll }, at) => at > 0 && poll !== tries[at - 1]?.poll)
    const isHop = tries.map(({ url }, at) => at > 0 && isPoll[at] === false && url !== tries[at - 1]?.url)
    const polls = tries.at(-1)?.poll ?? 0
    this.retries += Math.max(0, attempts - 1 - polls - isHop.filter(Boolean).length)
    for (const [at, { status, code }] of tries.slice(0, -1).entries()) {
      if (isHop[at + 1] === true || isPoll[at + 1] === true) continue
      const reason = code ?? (status === undefined ? 'unknown' : `http/${status}`)
      if (this.retriedFor.size >= MAX_REASONS && !this.retriedFor.has(reason)) continue
      this.retriedFor.set(reason, (this.retriedFor.get(reason) ?? 0) + 1)
    }
  }

  #addRun(note: RunNote): void {
    if (note.event === 'batch') {
      this.batch = note
      this.clock.isUnordered = true
      return
    }
    if (note.event === 'end') {
      this.end = note
      this.causes.add(note)
      return
    }
    this.sessions++
    this.start = note
    // The end of an earlier session says nothing about this one.
    this.end = undefined
    this.clock.begin(note.atMs)
  }

  #addPause({ host, fromMs, toMs }: PauseNote): void {
    if (this.clock.startedAtMs === undefined) this.clock.place(fromMs, 0)
    this.clock.pause(toMs)
    const pause = { host, fromMs: this.clock.at(fromMs), toMs: this.clock.at(toMs) }
    // A server may lengthen a pause again and again.
    const last = this.pauses.findLast(one => one.host === host)
    if (last !== undefined && pause.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, pause.toMs)
    else if (this.pauses.length < MAX_PAUSES) this.pauses.push(pause)
    else this.morePauses++
  }
}
