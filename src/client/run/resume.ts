/**
 * Resumes a run from its file: recorded outcomes are restored and not sent again, and a new outcome is written to the
 * file before it is handed out. It wraps sending and settling, so that neither the engine nor the layers know of it.
 */
import { CRASHED, JOB_LOST, NOT_RESENT, isGone, resultIn, withKey } from './again.ts'
import { another } from './another-input.ts'
import { Roll, resumeDecisionOf, findIn, isSafe, knownOf } from './resume-decision.ts'
import type { ResumeDecision } from './resume-decision.ts'
import { fingerprint } from './fingerprint.ts'
import { keptHeaders, lossOf } from './kept-headers.ts'
import { Refusals, saysTheSame } from './refusals.ts'
import { hasBody, isRefusedValue, isUnfollowed, isUnparsed, unparsedBody } from './kept-body.ts'
import { doneLineOf, lineValue, recordedBodyOf, recordedFault, recordedHeaders, recordedTries } from './run-line.ts'
import type { LineValue } from './run-line.ts'
import { settle } from './settle.ts'
import { notResumable } from '../../config/options/run-file.ts'
import type { ResumePlan } from '../../config/plan.ts'
import type { Call, CallPlan } from '../../core/call.ts'
import { isThenable, reasonOf } from '../../core/callback.ts'
import { isMeant } from '../../core/failure-codes.ts'
import { systemReason } from '../../core/system-reason.ts'
import { RequestError } from '../../core/error.ts'
import type { ConfigError } from '../../core/error.ts'
import { getHeader } from '../../core/headers.ts'
import { LineError, REFUSED_PRINT } from '../../core/journal.ts'
import type { DoneLine, IntentLine, Journal } from '../../core/journal.ts'
import type { Send } from '../../core/layer.ts'
import type { JobRecord, StatusUrl } from '../../core/poll.ts'
import { failedOutcome } from '../../core/outcome.ts'
import { codeOf, isUnsent } from '../../core/unsent-outcome.ts'
import type { FailedOutcome, Outcome } from '../../core/outcome.ts'
import { awaited, resultOf } from '../../core/awaited.ts'
import type { Clock } from '../../core/ports.ts'
import { fault } from '../../core/result.ts'
import type { Fault, Origin, Reply, Result } from '../../core/result.ts'
import { Trip } from '../../core/trip.ts'
import { printableUrl } from '../../core/url.ts'
import type { Words } from '../../core/words.ts'
import { wordsOf } from '../../core/problem.ts'

export interface ResumeParts {
  readonly journal: Journal
  readonly plan: ResumePlan
  readonly send: Send<Call>
  readonly clock: Clock
  /** Stops the run: nothing more is sent. */
  readonly stop: () => void
  /** Ends the run with this error. */
  readonly fail: (error: unknown) => void
}

export class Resume {
  /** Number of outcomes that were restored from the file. */
  restored = 0
  readonly #parts: ResumeParts
  /** Idempotency keys of the unsafe requests in flight. */
  readonly #keys = new WeakMap<Call['trip'], string | undefined>()
  /** Requests of this run for which an intent was written. */
  readonly #intended = new WeakSet<Call['trip']>()
  readonly #lines = new WeakMap<Call['trip'], DoneLine>()
  readonly #refusals = new Refusals()
  readonly #roll: Roll
  /** The whole input has been compared with the file. */
  #isChecked = false

  constructor(parts: ResumeParts) {
    this.#parts = parts
    this.#roll = new Roll(parts.journal)
  }

  /** Number of requests with keys that the file has and the input does not; known at the end of the input. */
  get gone(): number {
    return this.#roll.gone
  }

  /**
   * A refused request gets a line, too: see refusals.ts.
   * @param isFound found while running, so not in the input
   */
  admit(prepared: Call | Outcome, plan: CallPlan, isFound = false): Call {
    const call = this.#refusals.admit(prepared, plan, this.#parts.clock.now())
    // The roll is that of the input.
    if (!isFound) this.#roll.meet(call.trip.id)
    return call
  }

  /**
   * The recorded result, or that of the network. Neither this nor `settle` is async, because nearly all requests are
   * new.
   */
  readonly send: Send<Call> = (call, done) => {
    const { journal, send } = this.#parts
    if (this.#refusals.of(call) !== undefined) return done(PLACEHOLDER_FAULT)
    const lost = notResumable(call.plan.returnType)
    if (lost !== undefined) return done(fault('invalid_request/options', wordsOf(lost)))
    call.trip.print = fingerprint(call, journal.salt)
    const verdict = journal.verdict?.(call.trip.id)
    if (verdict !== undefined) {
      // The server may have seen this key.
      this.#keys.set(call.trip, journal.intent(call.trip.id)?.idempotencyKey)
      return done(verdict)
    }
    if (journal.isNew && isSafe(call)) return send(this.#withJob(call), done)
    const decision = resumeDecisionOf(call, journal, this.#parts.plan, this.#isChecked ? PROVEN : this.#roll)
    awaited(
      isThenable(decision) ? decision.then(found => this.#follow(call, found)) : this.#follow(call, decision),
      done,
    )
  }

  #follow(call: Call, decision: ResumeDecision): Promise<Result> {
    const { send } = this.#parts
    switch (decision.kind) {
      case 'another':
        return this.#refuse(call, decision)
      case 'restore':
        return this.#restore(call, decision.id)
      case 'doubt':
        if (isMeant(this.#parts.plan.retryFailed, CRASHED.code)) call.trip.warn(NOT_RESENT)
        return decision.id === undefined
          ? Promise.resolve(decision.isJob === true ? JOB_LOST : CRASHED)
          : this.#restore(call, decision.id)
      case 'poll':
        return resultOf(send, this.#withJob(call, decision))
      case 'send': {
        if (isSafe(call)) return resultOf(send, this.#withJob(call))
        const keyed = decision.key === undefined ? call : withKey(call, decision.key)
        this.#keys.set(call.trip, getHeader(keyed.headers, 'idempotency-key'))
        let intended: Promise<Fault | undefined> | undefined
        return resultOf(send, { ...this.#withJob(keyed), announced: () => (intended ??= this.#intend(keyed)) })
      }
    }
  }

  /** The call, with what the file has and gets of its job. */
  #withJob(call: Call, known?: StatusUrl): Call {
    if (call.plan.poll === undefined) return call
    const job: JobRecord = { known, record: url => this.#recordJob(call, url) }
    return { ...call, job }
  }

  /** Records where the status of a job is, so that the job is neither lost nor started again after a crash. */
  async #recordJob(
    { index, plan, trip }: Call,
    { url, isForeign, isOperation }: StatusUrl,
  ): Promise<Fault | undefined> {
    const { id, print = '' } = trip
    const isPlain = printableUrl(url, plan.secretNames) === url
    const at = new Date(this.#parts.clock.epochMs()).toISOString()
    try {
      await this.#parts.journal.append({
        poll: {
          v: 2,
          index,
          id,
          print,
          ...(isPlain && { url }),
          ...(isForeign && { foreign: true }),
          ...(isOperation && { operation: true }),
          at,
        },
      })
      return undefined
    } catch (error) {
      return this.#broken('write', error)
    }
  }

  /** The outcome, once its line is written. */
  settle(call: Call, result: Result): Promise<Outcome> {
    const refused = this.#refusals.of(call)
    if (refused !== undefined) return this.#refused(call, refused)
    const line = this.#lines.get(call.trip)
    if (line !== undefined) return this.#restored(call, result, line)
    const outcome = settle(call, result, this.#parts.clock)
    return isThenable(outcome)
      ? outcome.then(settled => this.#record(call, result, settled))
      : this.#record(call, result, outcome)
  }

  #record(call: Call, result: Result, outcome: Outcome): Promise<Outcome> {
    const { print } = call.trip
    if (print === undefined) return Promise.resolve(outcome)
    // An aborted request has no line, so the next run sends it. One that may have been carried out is in doubt by now.
    if (isUnsent(outcome) || codeOf(outcome)?.startsWith('aborted/') === true) return this.#withdraw(call, outcome)
    if (!outcome.ok && result.kind === 'reply') return this.#writeFailed(call, print, outcome, result)
    if (!outcome.ok || result.kind === 'fault') return this.#write(call, print, outcome, () => this.#keyOf(call))
    const { schema, parseFunc } = call.plan
    const isPlain = schema === undefined && parseFunc === undefined
    const lineOf = (value: unknown): object => ({ ...lineValue(call, result, value), ...lossOf(call, result, outcome) })
    if (isPlain) return this.#write(call, print, outcome, () => lineOf(outcome.value))
    return this.#plainValue(call, result).then(
      value => this.#write(call, print, outcome, () => lineOf(value)),
      (error: unknown) => this.#unkept(call, print, error),
    )
  }

  /** Writes no line, so that the next run sends the request; an intent that was written is withdrawn. */
  async #withdraw(call: Call, outcome: Outcome): Promise<Outcome> {
    const { journal } = this.#parts
    const { trip } = call
    // The request was in doubt before this run, with the same key, so it stays in doubt.
    if (!this.#intended.has(trip) || !trip.retry.isUnsent || journal.intent(trip.id) !== undefined) return outcome
    try {
      await journal.append({ intent: { ...this.#intentOf(call), sent: false } })
      return outcome
    } catch (error) {
      return this.#unwritten(call, error)
    }
  }

  /** A value that was refused here is kept, as that of a success is. */
  #writeFailed(call: Call, print: string, outcome: FailedOutcome, reply: Reply): Promise<Outcome> {
    const { code } = outcome.error
    const plain = (): Promise<Outcome> => this.#write(call, print, outcome, () => this.#keyOf(call))
    const whole = (body: LineValue): Promise<Outcome> =>
      this.#write(call, print, outcome, () => ({ ...this.#keyOf(call), ...body }), plain)
    const unparsed = isUnparsed(code) ? unparsedBody(reply, call) : undefined
    if (unparsed !== undefined) return whole(unparsed)
    if (!isRefusedValue(code)) return plain()
    return this.#plainValue(call, reply).then(value => whole(lineValue(call, reply, value)), plain)
  }

  /** @param unwritable called if its value cannot be written to a line */
  #write(
    call: Call,
    print: string,
    outcome: Outcome,
    more: () => object,
    unwritable: (error: unknown) => Promise<Outcome> = error => this.#unkept(call, print, error),
  ): Promise<Outcome> {
    const { clock, journal, plan } = this.#parts
    let line: DoneLine
    try {
      line = doneLineOf(call, print, outcome, more(), clock.epochMs(), keptHeaders(call, outcome, plan.responseHeaders))
    } catch (error) {
      return unwritable(error)
    }
    return journal.append(line).then(
      () => outcome,
      (error: unknown) => (error instanceof LineError ? unwritable(error) : this.#unwritten(call, error)),
    )
  }

  /** The outcome of a value that cannot be written to a line. Only this request fails, and its line says why. */
  async #unkept(call: Call, print: string, error: unknown): Promise<Outcome> {
    const { clock, journal } = this.#parts
    const message: Words = [
      `its value cannot be kept in the run file: ${reasonOf(error)}. Use `,
      { option: 'returnType', value: 'content' },
      ' or ',
      { option: 'returnType', value: 'file' },
      ', or write no run file',
    ]
    const unkept = fault('too_large/run_file', message, { sent: true, cause: error })
    const outcome = failedOutcome(call, unkept, clock.now(), call.plan.secretNames)
    try {
      await journal.append(doneLineOf(call, print, outcome, this.#keyOf(call), clock.epochMs()))
      return outcome
    } catch (failure) {
      return this.#unwritten(call, failure)
    }
  }

  /** Compares the file with an array before anything is sent. */
  async check(calls: Iterable<Call | Outcome>): Promise<void> {
    const { journal } = this.#parts
    const roll = new Roll(journal)
    let renamed: ConfigError | undefined
    for (const call of calls) {
      roll.meet('ok' in call ? call.id : call.trip.id)
      if ('ok' in call) continue
      const found = findIn(journal, call, fingerprint(call, journal.salt))
      if (found === undefined || !('kind' in found)) continue
      if (found.isRenamed !== true) throw await another(call, found, this.#parts)
      renamed ??= await another(call, found, this.#parts)
    }
    // If no key is in the file, the keys have changed. One known key shows that rows have moved.
    if (renamed !== undefined && roll.met === 0) throw renamed
    this.#isChecked = true
  }

  /** The outcome, after its line is in the file. */
  async #refused(call: Call, outcome: FailedOutcome): Promise<Outcome> {
    const { clock, journal } = this.#parts
    const { id } = call.trip
    // A request that was sent under this id must not be hidden by a line that says it never was.
    if (knownOf(journal, id) !== undefined || journal.intent(id) !== undefined) return outcome
    try {
      if (journal.known(id) !== undefined && saysTheSame(await journal.read(id), outcome)) return outcome
      await journal.append(doneLineOf(call, REFUSED_PRINT, outcome, {}, clock.epochMs()))
      return outcome
    } catch (error) {
      return this.#unwritten(call, error)
    }
  }

  async #restore(call: Call, id: string): Promise<Result> {
    try {
      const line = await this.#parts.journal.read(id)
      // A saved file that is gone is fetched again, if that does no harm.
      if (call.plan.returnType === 'file' && isSafe(call) && (await isGone(line)))
        return resultOf(this.#parts.send, call)
      // What follows it cannot be found from the line.
      if (line.incomplete !== undefined && call.plan.follow !== undefined && isSafe(call)) {
        return resultOf(this.#parts.send, call)
      }
      this.#lines.set(call.trip, line)
      return resultIn(line, call)
    } catch (error) {
      return this.#broken('read', error)
    }
  }

  async #restored(call: Call, result: Result, line: DoneLine): Promise<Outcome> {
    this.restored++
    const { attempts, bytes, timings } = line
    // The status was accepted then, and the attempts were made then: none of them counts for this run.
    const plan = result.kind === 'reply' ? { ...call.plan, acceptStatus: () => true } : call.plan
    const { id, warnings } = call.trip
    const trip = Object.assign(new Trip(0, this.#parts.clock.now(), Infinity), { id, warnings })
    trip.retry.attempts = attempts
    trip.retry.tries = recordedTries(line)
    const origin: Origin = {
      kind: 'run-file',
      bytes,
      timings,
      headers: recordedHeaders(line),
      shown: recordedBodyOf(line),
    }
    const again = { ...call, plan, trip }
    const outcome = await settle(again, { ...result, origin }, this.#parts.clock)
    // Whether its line is still true is known when it was followed.
    if (outcome.ok && isUnfollowed(line)) return outcome
    return hasBody(line) ? this.#judged(again, line, outcome, origin) : outcome
  }

  /** The outcome of a body that was refused in an earlier run. Its line says what is true now. */
  async #judged(call: Call, line: DoneLine, outcome: Outcome, origin: Origin): Promise<Outcome> {
    const { print, error, value, encoding, head } = line
    const isAsBefore = !outcome.ok && outcome.error.code === error?.code
    // The message of the line has no secret of the run that wrote it, which this run may not know.
    if (isAsBefore && isUnparsed(error?.code ?? '')) {
      return settle(call, { ...recordedFault(line, call), origin }, this.#parts.clock)
    }
    if (print === undefined || (isAsBefore && RequestError.reason(outcome.error) === error?.message)) return outcome
    return this.#write(call, print, outcome, () => ({ value, encoding, head, ...AGAIN }))
  }

  /**
   * Records what became of a page when what follows it was looked for: a page with an error in it is sent again by
   * `retryFailed` like any failed request.
   */
  followed(call: Call, result: Result, outcome: Outcome): Outcome | Promise<Outcome> {
    const { print } = call.trip
    const line = this.#lines.get(call.trip)
    if (print === undefined || result.kind !== 'reply') return outcome
    if (outcome.ok && (line === undefined || line.ok)) return outcome
    if (line !== undefined) {
      const { error, value, encoding, head, incomplete } = line
      const isAsBefore = !outcome.ok && error?.code === outcome.error.code
      if (isAsBefore && error.message === RequestError.reason(outcome.error)) return outcome
      return this.#write(call, print, outcome, () => ({ value, encoding, head, incomplete, ...AGAIN }))
    }
    const write = (value: unknown): Promise<Outcome> =>
      this.#write(call, print, outcome, () => ({
        ...this.#keyOf(call),
        ...lineValue(call, result, value),
        ...lossOf(call, result, outcome),
        ...AGAIN,
      }))
    // The line without it says that the page is there, which is true as well.
    return this.#plainValue(call, result).then(write, () => outcome)
  }

  /** The value before schema and parseFunc: with either of them the body is read a second time. */
  async #plainValue(call: Call, result: Result): Promise<unknown> {
    const plain = { ...call, plan: { ...call.plan, schema: undefined, parseFunc: undefined } }
    return (await settle(plain, result, this.#parts.clock)).value
  }

  /** Recorded with a failure: the request may have been carried out, so a retry must use the same key. */
  #keyOf(call: Call): { readonly idempotencyKey?: string } {
    const idempotencyKey = this.#keys.get(call.trip)
    return idempotencyKey === undefined ? {} : { idempotencyKey }
  }

  /** Records an unsafe request before it is sent, so that it is not unknown after a crash. */
  async #intend(call: Call): Promise<Fault | undefined> {
    this.#intended.add(call.trip)
    try {
      await this.#parts.journal.append({ intent: this.#intentOf(call) })
      return undefined
    } catch (error) {
      return this.#broken('write', error)
    }
  }

  #intentOf({ headers, index, method, plan, trip, url }: Call): IntentLine['intent'] {
    const { id, print = '' } = trip
    const idempotencyKey = getHeader(headers, 'idempotency-key')
    const at = new Date(this.#parts.clock.epochMs()).toISOString()
    const asked = { at, method, url: printableUrl(url, plan.secretNames) }
    const parent = trip.page?.parent
    const found = parent === undefined ? {} : { parent }
    return { v: 2, index, id, print, ...found, ...(idempotencyKey && { idempotencyKey }), ...asked }
  }

  async #refuse(call: Call, found: Extract<ResumeDecision, { kind: 'another' }>): Promise<Fault> {
    // Stops at once, because the next items belong to the other batch as well.
    this.#parts.stop()
    this.#parts.fail(await another(call, found, this.#parts))
    return fault('aborted/not_started', 'not sent: the run file is of another batch')
  }

  /** The file cannot be written: ends the run. This request does not count as done. */
  #unwritten(call: Call, error: unknown): Outcome {
    return failedOutcome(call, this.#broken('write', error), this.#parts.clock.now(), call.plan.secretNames)
  }

  #broken(what: string, error: unknown): Fault {
    const { path } = this.#parts.plan
    const broken = fault('resource/run_file', `cannot ${what} the run file ${path}: ${systemReason(error)}`, {
      cause: error,
    })
    this.#parts.fail(broken)
    return broken
  }
}

/** The same response again, in another light. */
const AGAIN: Pick<DoneLine, 'again'> = { again: true }

/** The roll of an input that was compared as a whole. */
const PROVEN = { met: 1 }

/** A placeholder for the result; it is never read. */
const PLACEHOLDER_FAULT: Fault = fault('invalid_request/options', 'could not be sent as it was written')
