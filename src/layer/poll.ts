/**
 * 202, or a status that is not final → requests for the status of the job until it is done. One Call above, one result:
 * the layers above and the run see a request that takes long.
 *
 * Between two looks the request holds neither a slot nor a token, because the gate is below. Each look is a new Call that
 * passes the gate, may be redirected and has retries of its own.
 */
import { Alarms } from './alarms.ts'
import type { Alarm } from './alarms.ts'
import { targetOf } from './hop.ts'
import type { LaneKeyOf } from './hop.ts'
import { inMemory, jobHop, pastPending } from './poll-hops.ts'
import { deliverAfterwards } from './receive.ts'
import { awaited, resultOf } from '../core/awaited.ts'
import type { Call } from '../core/call.ts'
import { formatDuration } from '../core/duration.ts'
import type { CallLayer, Send, Soon } from '../core/layer.ts'
import type { Path } from '../core/pagination.ts'
import { isJudgedByValue, mayBeFollowed, operationUrlIn } from '../core/poll.ts'
import type { PollPlan, StatusUrl } from '../core/poll.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import type { ParsedUrl } from '../core/url.ts'
import { joined } from '../core/words.ts'
import { asked, pollWaitMs, stateOf, stateOfHead, statusUrlIn } from '../policy/poll.ts'
import type { JobState } from '../policy/poll.ts'

export interface PollParts {
  readonly clock: Clock
  readonly laneKeyOf: LaneKeyOf
  /** The body as JSON; a Fault if it is none, or nested too deeply. */
  readonly readJson: (reply: Reply, call: Call) => { readonly value: unknown } | Fault
  /** The request begins to wait for its job. With `maxFailures`, nothing else was sent until that was known. */
  readonly waits: (call: Call) => void
  /** A JMESPath expression as a function; a Fault if it is none. `name`: the option that has it. */
  readonly readPath: (path: string, name: string) => Soon<((value: unknown) => unknown) | Fault>
}

export function poll(parts: PollParts): CallLayer {
  const alarms = new Alarms(parts.clock)
  return next => (call, done) => {
    const { poll: plan } = call.plan
    if (plan === undefined) return next(call, done)
    const job = (): Job => new Job(parts, alarms, next, call, plan)
    // Nothing but the first response may be needed, and it comes without a promise then.
    if (call.sink !== undefined || call.job?.known !== undefined || isJudgedByValue(plan)) {
      return awaited(followed(job()), done)
    }
    next(call, result => (mayBeFollowed(plan, result) ? awaited(followed(job(), result), done) : done(result)))
  }
}

/** What a response shows. `end`: it is not about a pending or done job, or the job has failed. */
type Look =
  | { readonly kind: 'end'; readonly result: Result }
  | { readonly kind: 'done'; readonly reply: Reply }
  | { readonly kind: 'pending'; readonly reply: Reply; readonly shown: string }

/** Where the status is asked for. */
interface Place extends StatusUrl {
  readonly to: ParsedUrl
}

/** @param first the first response, if it has come */
async function followed(job: Job, first?: Result): Promise<Result> {
  try {
    const wrong = await job.open()
    if (wrong !== undefined) return wrong
    let place = job.known()
    if (isFault(place)) return place
    let look = place === undefined ? await job.start(first) : await job.lookAt(place)
    job.begin()
    while (look.kind === 'pending') {
      const moved = await job.placeAfter(look.reply, place)
      if (isFault(moved)) return { ...moved, sent: true, reply: moved.reply ?? look.reply }
      // Thousands of jobs may wait.
      look = { ...look, reply: withoutRest(look.reply) }
      const stopped = await job.wait(look)
      if (stopped !== undefined) return stopped
      place = moved
      look = await job.lookAt(place)
    }
    return look.kind === 'end' ? look.result : await job.result(look.reply)
  } finally {
    job.close()
  }
}

/** A job is new: a server that has just accepted it may not find it yet. */
const MOST_NOT_FOUND = 3

class Job {
  readonly #parts: PollParts
  readonly #alarms: Alarms
  readonly #next: Send<Call>
  readonly #call: Call
  readonly #plan: PollPlan
  /** The paths of the plan as functions. */
  readonly #readers = new Map<Path, (value: never) => unknown>()
  readonly #alarm: Alarm
  /** The status decides by itself, without `status` or a function of the caller. */
  readonly #isJudgedByValue: boolean
  /** An operation of Azure, whose status is in its body although the options name none. */
  #isOperation = false
  #notFound = 0
  #last: { readonly shown: string; readonly reply?: Reply } = { shown: 'nothing was heard of it' }

  constructor(parts: PollParts, alarms: Alarms, next: Send<Call>, call: Call, plan: PollPlan) {
    this.#parts = parts
    this.#alarms = alarms
    this.#next = next
    this.#call = call
    this.#plan = plan
    this.#isJudgedByValue = isJudgedByValue(plan)
    this.#alarm = { dueAtMs: Infinity, heapIndex: -1, ring: () => call.trip.cancelSlot.cancel(this.#tooLate()) }
  }

  /** Returns a Fault if a path is not valid. */
  async open(): Promise<Fault | undefined> {
    const { status, url, result } = this.#plan
    for (const [name, path] of Object.entries({ status, url, result })) {
      // oxlint-disable-next-line no-await-in-loop -- three at most, and mostly known
      const reader = typeof path === 'string' ? await this.#parts.readPath(path, `poll.${name}`) : path
      if (isFault(reader)) return reader
      if (path !== undefined && reader !== undefined) this.#readers.set(path, reader)
    }
    return undefined
  }

  close(): void {
    this.#alarms.remove(this.#alarm)
  }

  /** Where an earlier run has left the job. */
  known(): Place | Fault | undefined {
    const known = this.#call.job?.known
    if (known === undefined) return undefined
    this.#isOperation = known.isOperation
    return this.#placeOf(known.url, known.url, known.isForeign, known.isOperation)
  }

  async start(first?: Result): Promise<Look> {
    return first === undefined ? this.#send(this.#call, true) : this.#lookIn(first, true)
  }

  /** The deadline counts from the first response, in a run that resumes too: until then the request may wait in a queue. */
  begin(): void {
    this.#alarm.dueAtMs = this.#parts.clock.now() + this.#plan.deadlineMs
  }

  async lookAt({ to, isForeign }: Place): Promise<Look> {
    const { trip, plan } = this.#call
    // The first request of a run that resumes is the first attempt of its request.
    if (trip.retry.attempts > 0) trip.retry.beginPoll(plan.maxRetries)
    const hop = jobHop(this.#call, to, isForeign, this.#parts.laneKeyOf)
    return 'code' in hop ? { kind: 'end', result: hop } : this.#send(hop, false)
  }

  async #send(call: Call, isStart: boolean): Promise<Look> {
    const isRead = this.#isJudgedByValue || this.#plan.result !== undefined || this.#isOperation
    const sent = isRead
      ? inMemory(call)
      : pastPending(
          call,
          head => stateOfHead(head, isStart && namesOperation(head)).kind === 'pending',
          () => this.close(),
        )
    return this.#lookIn(await resultOf(this.#next, sent), isStart)
  }

  #lookIn(result: Result, isStart: boolean): Look {
    if (result.kind === 'fault') return { kind: 'end', result }
    if (result.taken !== undefined) return { kind: 'done', reply: result }
    const isEarly = result.status === 404 && !isStart && this.#notFound < MOST_NOT_FOUND
    if (isEarly) {
      this.#notFound++
      return this.#pending(result, 'the last response had the status 404')
    }
    if (result.status !== 202 && !isAccepted(this.#call, result.status)) return { kind: 'end', result }
    if (!isStart) this.#notFound = MOST_NOT_FOUND
    const state = this.#stateIn(result, isStart)
    if (isFault(state)) return { kind: 'end', result: { ...state, reply: result } }
    switch (state.kind) {
      case 'done':
        return { kind: 'done', reply: result }
      case 'pending':
        return this.#pending(result, state.shown)
      case 'failed':
        return { kind: 'end', result: fault('poll/failed', `the job has failed: ${state.shown}`, of(result)) }
      case 'unknown':
        return { kind: 'end', result: noStatus(this.#plan, result) }
    }
  }

  #pending(reply: Reply, shown: string): Look {
    this.#last = { shown, reply: withoutRest(reply) }
    return { kind: 'pending', reply, shown }
  }

  #stateIn(reply: Reply, isStart: boolean): JobState | Fault {
    const byHead = stateOfHead(reply, isStart && namesOperation(reply))
    if (!this.#isJudgedByValue && !(this.#isOperation && !isStart)) return byHead
    const read = this.#parts.readJson(reply, this.#call)
    // A 202 says by itself that the job is pending.
    if (isFault(read)) return byHead.kind === 'pending' || this.#isOperation ? byHead : read
    if (reply.status === 202 && read.value === null) return byHead
    const status = this.#isJudgedByValue
      ? this.#ask('status', this.#plan.status, read.value)
      : operationStatus(read.value)
    if (isFault(status)) return status
    const state = stateOf(status.value, this.#plan)
    if (isFault(state) || state.kind !== 'unknown') return state
    if (byHead.kind === 'pending' || !this.#isJudgedByValue) return byHead
    // A response that starts a job may name its URL only.
    const names = isStart && (this.#plan.url !== undefined || statusUrlIn(reply.headers) !== undefined)
    return names ? { kind: 'pending', shown: 'its first response had no status' } : state
  }

  /** What the caller's path or function finds in a value; the value itself without one. */
  #ask(name: string, path: Path | undefined, value: unknown): { readonly value: unknown } | Fault {
    const reader = path === undefined ? undefined : this.#readers.get(path)
    return reader === undefined ? { value } : asked(`poll.${name}`, reader, value)
  }

  /** Where the status is asked for after this response; recorded, if it is another place than before. */
  async placeAfter(reply: Reply, before: Place | undefined): Promise<Place | Fault> {
    const place = before === undefined ? this.#placeIn(reply) : this.#movedTo(reply, before)
    if (isFault(place) || place === before) return place
    this.#isOperation = place.isOperation
    const unrecorded = await this.#call.job?.record(place)
    return unrecorded ?? place
  }

  #placeIn(reply: Reply): Place | Fault {
    const { url } = this.#plan
    const { method } = this.#call
    const given = url === undefined ? undefined : this.#namedBy('url', url, reply)
    if (isFault(given)) return given
    const named = given ?? statusUrlIn(reply.headers)
    if (named !== undefined) return this.#placeOf(named, reply.url, this.#isFrom(reply), namesOperation(reply))
    if (method === 'GET') return this.#placeOf(this.#call.url, this.#call.url, false)
    return fault('poll/no_status_url', [
      `the response to this ${method} does not say where the status of its job is: it has none of the headers ` +
        'Operation-Location, Azure-AsyncOperation and Location. Set ',
      { option: 'poll.url' },
    ])
  }

  /** A further 202 may name another place. */
  #movedTo(reply: Reply, before: Place): Place | Fault {
    const named = reply.status === 202 && this.#plan.url === undefined ? statusUrlIn(reply.headers) : undefined
    if (named === undefined) return before
    const place = this.#placeOf(named, reply.url, this.#isFrom(reply), before.isOperation || namesOperation(reply))
    return !isFault(place) && place.url === before.url && place.isForeign === before.isForeign ? before : place
  }

  /** Whether another origin than that of the request answered. */
  #isFrom(reply: Reply): boolean {
    return URL.parse(reply.url)?.origin !== this.#call.origin
  }

  /** The URL that the caller's path or function finds; undefined if it finds none. */
  #namedBy(name: 'url' | 'result', path: Path, reply: Reply): string | undefined | Fault {
    const read = this.#parts.readJson(reply, this.#call)
    if (isFault(read)) return reply.status === 202 ? undefined : read
    const found = this.#ask(name, path, read.value)
    if (isFault(found)) return found
    const { value } = found
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'string') return value
    if (value instanceof URL) return value.href
    return fault('poll/invalid_url', ['expected a URL at ', { option: `poll.${name}` }, `, got ${typeof value}`])
  }

  #placeOf(named: string, base: string, isForeign: boolean, isOperation = false): Place | Fault {
    const to = targetOf(named, base, this.#call)
    if ('refused' in to)
      return fault(`poll/${to.refused === 'downgrade' ? 'downgrade' : 'invalid_url'}`, joined('the job leads ', to.why))
    if (to.username !== '' || to.password !== '') {
      this.#call.trip.warn('the URL of a job named a user or a password, which were not sent')
    }
    return { to, url: to.url, isForeign, isOperation }
  }

  /** Waits for the next look. Returns a Fault if the request ends meanwhile. */
  async wait({ reply }: Look & { readonly kind: 'pending' }): Promise<Fault | undefined> {
    const { clock } = this.#parts
    const { trip, plan } = this.#call
    const { cancelSlot, stopwatch } = trip
    const waitMs = pollWaitMs(reply, this.#plan, plan.retry, clock.epochMs())
    if (cancelSlot.stopping && cancelSlot.cancelled === undefined) return STOPPED
    // Not before the URL is recorded: the deadline cannot end that.
    if (this.#alarm.heapIndex === -1) this.#alarms.add(this.#alarm)
    const sinceMs = clock.now()
    if (waitMs > 0) {
      await new Promise<void>(resolve => {
        const alarm: Alarm = { dueAtMs: sinceMs + waitMs, heapIndex: -1, ring: () => resolve() }
        this.#alarms.add(alarm)
        cancelSlot.hold('polling', () => {
          this.#alarms.remove(alarm)
          resolve()
        })
        this.#parts.waits(this.#call)
      })
      cancelSlot.free()
      stopwatch.pollingMs += clock.now() - sinceMs
    }
    return cancelSlot.cancelled && { ...cancelSlot.cancelled, sent: true }
  }

  /** The final result: the response of the job, or what its `result` leads to. */
  async result(reply: Reply): Promise<Result> {
    this.close()
    const { result } = this.#plan
    const call = this.#call
    if (result === undefined)
      return reply.taken === undefined ? deliverAfterwards(reply, call, this.#parts.clock.now()) : reply
    const named = this.#namedBy('result', result, reply)
    if (isFault(named)) return { ...named, sent: true, reply }
    if (named === undefined)
      return fault(
        'poll/no_result',
        ['the job is done, and its response has no URL at ', { option: 'poll.result' }],
        of(reply),
      )
    const place = this.#placeOf(named, reply.url, this.#isFrom(reply))
    if (isFault(place)) return { ...place, sent: true, reply }
    const hop = jobHop(call, place.to, place.isForeign, this.#parts.laneKeyOf)
    if ('code' in hop) return { ...hop, sent: true, reply }
    call.trip.retry.beginPoll(call.plan.maxRetries)
    return resultOf(this.#next, hop)
  }

  #tooLate(): Fault {
    const { shown, reply } = this.#last
    const message = `the job was not done within ${formatDuration(this.#plan.deadlineMs)}: ${shown}`
    return fault('timeout/poll', message, { sent: true, ...(reply && { reply }) })
  }
}

const STOPPED = fault('aborted/in_flight', 'aborted in flight: the run was stopped before its job was done', {
  sent: true,
})

const namesOperation = ({ headers }: Reply): boolean => operationUrlIn(headers) !== undefined

/** More than an error keeps of a body. */
const MAX_WAITING_BYTES = 65_537

/** The reply with the part of its body that a message may show, in memory of its own. */
const withoutRest = (reply: Reply): Reply => ({ ...reply, body: reply.body.slice(0, MAX_WAITING_BYTES) })

const of = (reply: Reply): { readonly sent: true; readonly reply: Reply } => ({ sent: true, reply })

/** With every return type, as the caller says: a refused status is not about a job. */
function isAccepted({ plan }: Call, status: number): boolean {
  try {
    return plan.acceptStatus(status)
  } catch {
    // The caller's function throws again when the outcome is made, and is reported there.
    return false
  }
}

const operationStatus = (value: unknown): { readonly value: unknown } => ({
  value: (Object(value) as { readonly status?: unknown }).status,
})

function noStatus({ status }: PollPlan, reply: Reply): Fault {
  const where = typeof status === 'string' ? `at ${JSON.stringify(status)}` : 'that is a text, a number, true or false'
  return fault(
    'poll/no_status',
    [`expected a status ${where} in the response, got none. See `, { option: 'poll.status' }],
    of(reply),
  )
}
