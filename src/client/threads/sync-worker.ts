/**
 * The worker thread of sync calls: sends the requests of an order with the same layers and engine as any other client. It
 * asks the calling thread to run each function that the caller passed.
 */
import { useNetwork } from './network.ts'
import { reportedRun } from '../run/reported-run.ts'
import type { Limits } from '../run/reported-run.ts'
import { CELLS, STATES, TIMES } from './sync-messages.ts'
import type {
  Caller,
  Hop,
  BatchOrder,
  SentCall,
  SentTokens,
  SentTrip,
  ToCaller,
  ToWorker,
  Wiring,
} from './sync-messages.ts'
import { KeptError, packResult } from './sync-result.ts'
import type { SentFault } from './sync-result.ts'
import { systemClock } from '../system-clock.ts'
import { wire } from '../wire.ts'
import type { ClientPlan } from '../../config/client-plan.ts'
import { receivedFields } from '../../config/crossing.ts'
import type { SentFields } from '../../config/crossing.ts'
import { withAuthorization } from '../../config/identity.ts'
import type { Call, CallPlan } from '../../core/call.ts'
import type { Observer } from '../../core/events.ts'
import { reasonOf, runCallback } from '../../core/callback.ts'
import type { Outcome } from '../../core/outcome.ts'
import { fault, isFault } from '../../core/result.ts'
import type { Fault, Result } from '../../core/result.ts'
import type { Progress } from '../../core/progress.ts'
import type { HookRequest, RequestView } from '../../core/spec.ts'
import { Tokens } from '../../core/tokens.ts'
import type { TokensInput } from '../../core/tokens.ts'
import { Trip } from '../../core/trip.ts'
import type { Run } from '../../engine/engine.ts'
import { laneSource } from '../../engine/lane-source.ts'
import type { Gate } from '../../layer/gate.ts'
import type { Opinions } from '../../layer/retry.ts'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { say } from '../../core/words.ts'

const { port, cells } = workerData as Wiring

interface PendingAnswer {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

const waiting = new Map<number, PendingAnswer>()
let lastId = 0

type CallerArgs<N extends keyof Caller> = Parameters<Caller[N]>
type CallerAnswer<N extends keyof Caller> = ReturnType<Caller[N]>

/** Asks the calling thread, and continues with other requests meanwhile. */
function ask<N extends keyof Caller>(
  name: N,
  args: CallerArgs<N>,
  moved: readonly ArrayBuffer[] = [],
): Promise<CallerAnswer<N>> {
  return new Promise((resolve, reject) => {
    const id = ++lastId
    waiting.set(id, { resolve: answer => resolve(answer as CallerAnswer<N>), reject })
    post({ kind: 'ask', name, args, id }, moved)
  })
}

/** Asks the calling thread, and blocks until the answer arrives: for values that a layer needs synchronously. */
function askNow<N extends keyof Caller>(name: N, args: CallerArgs<N>): CallerAnswer<N> {
  const id = ++lastId
  let answered: (() => unknown) | undefined
  waiting.set(id, {
    resolve: answer => (answered = () => answer),
    reject: error => {
      answered = () => {
        throw error
      }
    },
  })
  post({ kind: 'ask', name, args, id })
  for (;;) {
    const seen = Atomics.load(cells, CELLS.toWorker)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
      onSyncMessage(got.message as ToWorker)
    }
    if (answered !== undefined) return answered() as CallerAnswer<N>
    Atomics.wait(cells, CELLS.toWorker, seen)
  }
}

/** Notifies the calling thread and waits for no answer. */
function tell<N extends keyof Caller>(name: N, args: CallerArgs<N>): void {
  post({ kind: 'ask', name, args })
}

function post(message: ToCaller, moved: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, moved)
  wakeCaller()
}

function wakeCaller(): void {
  Atomics.add(cells, CELLS.toCaller, 1)
  Atomics.notify(cells, CELLS.toCaller)
}

function onSyncMessage(message: ToWorker): void {
  switch (message.kind) {
    case 'order':
      return start(message.order)
    case 'answer':
      waiting.get(message.id)?.resolve(message.answer)
      waiting.delete(message.id)
      return
    case 'threw':
      waiting.get(message.id)?.reject(new KeptError(message.message, message.kept))
      waiting.delete(message.id)
      return
    case 'ping':
  }
}

function start({ client, calls, batch, network, reports }: BatchOrder): void {
  useNetwork(network)
  const plan = receivedFields('client', client, () => undefined) as ClientPlan
  const limits = receivedFields('batch', batch, path => TELLS[path]) as Limits
  const wired = wire(plan, systemClock, Math.random, { opinions: opinionsThrough, observer: observerFor(reports) })
  const revive = reviver()
  const run: Run = reportedRun({
    source: laneSource(calls, sent => (sent as SentCall | undefined)?.lane ?? '', wired.gate, limits.window),
    limits,
    parts: {
      prepare({ value: sent, index }) {
        if (sent === undefined) return countedOutcome(false, 0, 0)
        if (reports !== 'nothing') tell('begin', [index])
        return revive(sent as SentCall)
      },
      send: wired.send,
      settle: settleOnCaller,
      abandon({ value: sent, index }, reason) {
        // A refused request keeps its own reason.
        if (sent !== undefined) tell('abandon', [index, packResult(reason, false).sent as SentFault])
        return countedOutcome(false, 0, 0)
      },
    },
    wired,
    clock: systemClock,
    deliver: () => run.give(),
    ended: () => void wired.close().then(() => post({ kind: 'done' })),
  })
  run.start()
}

/** Sends the events of attempts to the calling thread, whose listeners get them. Nothing listens on this thread. */
function observerFor(reports: BatchOrder['reports']): Observer {
  const observer: Observer = {
    wants: kind => kind === 'attempt' && reports !== 'nothing',
    start: (_kind, event) => {
      if (reports === 'events' && 'attempt' in event) tell('attemptStarted', [event.index, { ...event }])
    },
    end: (_kind, event) => {
      if ('attempt' in event) tell('attemptEnded', [event.index, { ...event }])
    },
  }
  return reports === 'headers'
    ? { ...observer, headersFor: event => ask('attemptStarted', [event.index, { ...event }]) }
    : observer
}

async function settleOnCaller(call: Call, result: Result): Promise<Outcome> {
  const { trip, index } = call
  const bytes = result.kind === 'reply' ? result.body.byteLength : 0
  const { sent, moved } = packResult(result, true)
  const { attempts } = trip.retry
  const ok = await ask('settle', [index, sent, sentTrip(trip)], moved)
  return countedOutcome(ok, attempts, bytes)
}

function sentTrip({ retry, sentHeaders, stopwatch, warnings }: Trip): SentTrip {
  const { attempts, redirects, polls, tries, notRetriedBecause } = retry
  const times = Object.fromEntries(TIMES.map(part => [part, stopwatch[part]])) as unknown as SentTrip['times']
  const elapsedMs = systemClock.now() - stopwatch.startedAtMs
  return { elapsedMs, warnings, sentHeaders, retry: { attempts, redirects, polls, tries, notRetriedBecause }, times }
}

/** The fields of an outcome that the engine counts. The outcome itself is made, and stays, on the calling thread. */
function countedOutcome(ok: boolean, attempts: number, bytes: number): Outcome {
  return { ok, attempts, source: 'network', response: { bytes } } as unknown as Outcome
}

function opinionsThrough(gate: Gate): Opinions {
  /** A hook may have passed the true cost of its request. */
  const then = async <T>(call: Call, asked: Promise<T>): Promise<T> => {
    const answer = await asked
    const costs = Object.keys(call.plan.weighted).length === 0 ? undefined : await ask('trueCosts', [call.index])
    if (costs !== undefined) gate.correct(call, costs)
    return answer
  }
  return {
    afterAttempt: (call, trial, result) =>
      opinion(call, result, ({ sent, moved }) => ask('afterAttempt', [hopOf(call), trial.number, sent], moved)),
    ofResponse(call, trial, result) {
      if (call.plan.hooks.afterResponse === undefined || result.kind === 'fault') return undefined
      return opinion(call, result, ({ sent, moved }) =>
        then(call, ask('ofResponse', [hopOf(call), trial.number, sent], moved)),
      )
    },
    ofRetry(call, trial, result, verdict) {
      if (call.plan.retry.shouldRetry === undefined) return verdict
      return opinion(call, result, ({ sent, moved }) =>
        then(call, ask('ofRetry', [hopOf(call), trial.number, sent, verdict], moved)),
      )
    },
    beforeRetry(call, trial, result) {
      if (call.plan.hooks.beforeRetry === undefined) return undefined
      return opinion(call, result, ({ sent, moved }) =>
        then(call, ask('beforeRetry', [hopOf(call), trial.number, sent], moved)),
      )
    },
  }
}

/** The request may be aborted while the function runs, as with any callback. */
async function opinion<T>(
  call: Call,
  result: Result,
  asked: (packed: ReturnType<typeof packResult>) => Promise<T | SentFault>,
): Promise<T | Fault> {
  const answer = await runCallback<T | SentFault>(() => asked(packResult(result, false)), unexpectedFault, {
    trip: call.trip,
    timeoutMs: Infinity,
    clock: systemClock,
  })
  if (!isFault(answer)) return answer
  const { code, message, sent, cause } = answer as SentFault
  return cause?.as === 'kept'
    ? fault(code, message, { sent, cause: new KeptError(say(message), cause.number) })
    : answer
}

function unexpectedFault(error: unknown): Fault {
  return fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent: true, cause: error })
}

function hopOf({ index, method, url, repeatable }: Call): Hop {
  return { index, method, url, repeatable }
}

/**
 * A placeholder for a function of which the layers only check the presence; the opinions above have the calling thread
 * run it.
 */
const ASKED_FOR = (): undefined => undefined

/** Sent calls → Calls. Requests whose plan has no callback share the plan. */
function reviver(): (sent: SentCall) => Call {
  const plans = new Map<SentCall['plan'], CallPlan>()
  const shared = tokensReviver()
  return sent => {
    const { asks, body, credentials, tokens, identity, ...plain } = sent
    const { index } = sent
    let plan = plans.get(sent.plan)
    if (plan === undefined) {
      plan = planOf(sent)
      if (isShared(sent.plan)) plans.set(sent.plan, plan)
    }
    const nowMs = systemClock.now()
    const trip = new Trip(plan.maxRetries, nowMs, nowMs + plan.timeouts.totalMs)
    trip.identity = identity
    return {
      ...plain,
      key: undefined,
      meta: undefined,
      body: asks.body ? () => singleChunk(askNow('body', [index])) : body,
      credentials: asks.auth
        ? async request => (await ask('auth', [index, request])) as string
        : (shared(tokens, index) ?? credentials),
      plan,
      ...(asks.identity && { identify: (value: string) => withAuthorization(identity, value) }),
      trip,
    }
  }
}

/** One for all requests that share it. Its function runs on the calling thread, for whichever request needs it first. */
function tokensReviver(): (sent: SentCall['tokens'], index: number) => Tokens | undefined {
  const made = new Map<string, Tokens>()
  return (sent, index) => {
    if (sent === undefined) return undefined
    const { name } = sent
    let tokens = made.get(name)
    if (tokens === undefined) {
      made.set(name, (tokens = new Tokens(revivedTokens(sent, index))))
    }
    return tokens
  }
}

function revivedTokens({ oauth, refreshToken, ...plain }: SentTokens, index: number): TokensInput {
  if (oauth !== undefined) {
    return { ...plain, origin: { oauth, refreshToken }, refreshed: made => tell('refreshed', [index, made]) }
  }
  return { ...plain, origin: { refresh: ({ token, reason }) => ask('refresh', [index, { token, reason }]) } }
}

/** Functions of which the layers only check the presence. */
const BY_PRESENCE: ReadonlySet<string> = new Set([
  'retry.shouldRetry',
  'hooks.afterResponse',
  'hooks.beforeRetry',
  'hooks.afterAttempt',
])

const isShared = ({ asks }: SentFields): boolean => asks.every(path => BY_PRESENCE.has(path))

const planOf = ({ index, plan }: SentCall): CallPlan =>
  receivedFields('call', plan, path => asking(path, index)) as CallPlan

/** The worker's stand-in for the function at this path of a request's plan. */
function asking(path: string, index: number): unknown {
  if (BY_PRESENCE.has(path)) return ASKED_FOR
  switch (path) {
    case 'acceptStatus':
      return (status: number) => askNow('acceptStatus', [index, status])
    case 'limitKey':
      return ({ method, url }: RequestView) => askNow('limitKey', [index, { method, url }])
    case 'retry.backoff':
      return (failures: number) => askNow('backoff', [index, failures])
    case 'hooks.beforeRequest':
      return (request: HookRequest) => askBeforeRequest(index, request)
    default:
      return (...args: readonly unknown[]) => askNow('run', [index, path, args])
  }
}

/** Callbacks of the call's options whose result is not awaited. */
const TELLS: Readonly<Record<string, unknown>> = {
  onProgress: (progress: Progress) => tell('progress', [progress]),
}

async function askBeforeRequest(index: number, { method, url, headers, body, attempt }: HookRequest): Promise<void> {
  const given = { method, url, headers: [...headers].flat(), hasBody: body !== undefined, attempt }
  const list = await ask('beforeRequest', [index, given])
  for (let i = 0; i < given.headers.length; i += 2) headers.delete(given.headers[i] as string)
  for (let i = 0; i < list.length; i += 2) headers.append(list[i] as string, list[i + 1] as string)
}

async function* singleChunk(chunk: string | Uint8Array): AsyncIterable<string | Uint8Array> {
  yield chunk
}

// A blocked caller has no other way to notice the exit.
process.on('exit', () => {
  Atomics.store(cells, CELLS.state, STATES.ended)
  wakeCaller()
})
process.on('uncaughtException', error => {
  post({ kind: 'broken', reason: reasonOf(error) })
  process.exit(1)
})
port.on('message', onSyncMessage)
Atomics.store(cells, CELLS.state, STATES.ready)
