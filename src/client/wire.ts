/**
 * The only composition root: a ClientPlan → the stack of layers. The stack is one list, with the reason for the
 * position of each layer.
 */
import { opinionsOf } from './opinions.ts'
import { channels } from './channels.ts'
import { observers } from './observers.ts'
import { labelled, paceOf, startsOf } from './pace.ts'
import type { Pace } from './pace.ts'
import { processSockets } from './process-sockets.ts'
import type { ReadJson } from './opinions.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { threadedTransport } from './threads/wire-threads.ts'
import { readPath } from './poll-path.ts'
import { reserve } from './save-to.ts'
import { consumerSink } from '../codec/consumer.ts'
import { ITEM_FORMATS } from '../codec/item-formats.ts'
import { itemSink } from '../codec/items.ts'
import { fileSink } from '../disk/body-file.ts'
import { parseJson } from '../codec/json.ts'
import { isOwnTransport } from '../config/shapes.ts'
import type { ClientPlan, HostPlan } from '../config/client-plan.ts'
import { trueCosts } from '../config/cost.ts'
import { entryOf } from '../config/hosts.ts'
import { laneKeyOf } from '../config/lane-key.ts'
import type { BodySink } from '../core/body-sink.ts'
import type { Attempt } from '../core/attempt.ts'
import { awaited } from '../core/awaited.ts'
import type { Call, Costs } from '../core/call.ts'
import { stack } from '../core/layer.ts'
import type { Send } from '../core/layer.ts'
import type { Clock, Transport } from '../core/ports.ts'
import type { Wire } from '../core/wire.ts'
import { isItems } from '../core/passed-on.ts'
import type { Rate } from '../core/rate.ts'
import { isFault } from '../core/result.ts'
import type { Result } from '../core/result.ts'
import { OutsideAttempt } from '../core/wire-attempt.ts'
import type { Observer } from '../core/events.ts'
import { announce } from '../layer/announce.ts'
import { deadline } from '../layer/deadline.ts'
import { Gate } from '../layer/gate.ts'
import type { GateParts } from '../layer/gate.ts'
import { through } from '../layer/passage.ts'
import { observe } from '../layer/observe.ts'
import { poll } from '../layer/poll.ts'
import type { PollParts } from '../layer/poll.ts'
import { redirect } from '../layer/redirect.ts'
import { route } from '../layer/route.ts'
import { deliverBufferedBody, receive } from '../layer/receive.ts'
import { retry } from '../layer/retry.ts'
import type { Opinions, RetryParts } from '../layer/retry.ts'
import { session } from '../layer/session.ts'
import { statusDecides } from '../layer/status.ts'
import { awaitToken, requireToken } from '../layer/tokens.ts'
import { timeout, transportThrew, untimed } from '../layer/timeout.ts'
import { adaptive } from '../policy/adaptive.ts'
import { breaker } from '../policy/breaker.ts'
import { retryBudget } from '../policy/budget.ts'
import type { RetryBudget } from '../policy/budget.ts'
import { Lane } from '../policy/lane.ts'
import type { Limit } from '../policy/limit.ts'
import { Proxies } from '../policy/proxies.ts'
import { Quotas } from '../policy/quotas.ts'
import { rateLimit, startsLimit } from '../policy/rate.ts'
import { slots } from '../policy/slots.ts'
import type { SocketBudget } from '../policy/socket-budget.ts'
import type { Shares } from '../policy/standing.ts'
import { Cookies } from '../store/cookies.ts'
import { fileFault } from '../transport/file-faults.ts'
import { openSockets } from '../transport/open-sockets.ts'
import { dispatcherTransport } from '../transport/dispatcher.ts'
import { ownTransport } from '../transport/transport.ts'

export interface Wired {
  readonly send: Send<Call>
  /** Decides when an attempt is sent. The engine asks it whether to pull more. */
  readonly gate: Gate
  readonly cookies: Cookies
  /** Gets the events of attempts from the stack, and those of requests and batches from their runs. */
  readonly observer: Observer
  /** Names in `hosts` that no request has matched so far. */
  readonly unmatched: () => readonly string[]
  /** What must be there before the first request; undefined once it is, or if nothing must be. */
  readonly ready: () => Promise<void> | undefined
  readonly close: () => Promise<void>
}

/** The body as JSON for a caller's hook; undefined if it is not JSON. */
export const jsonForHook: ReadJson = (call, result) => {
  const parsed = result.kind === 'fault' ? result : parseJson(result, call, call.plan.maxJsonDepth)
  return isFault(parsed) ? undefined : parsed.value
}

const jsonForPoll: PollParts['readJson'] = (reply, call) => parseJson(reply, call, call.plan.maxJsonDepth)

/** Parts that replace those of a client. */
export interface WirePorts {
  /** The caller's functions that judge a result, if they run on another thread. Default: those of each plan. */
  readonly opinions?: (gate: Gate) => Opinions
  /**
   * Limits of all requests of the client, besides those of its plan; for example a lease of a rate that several
   * processes share. A limit that gains room without a release MUST call `gate.turn(limit)`.
   */
  readonly limits?: readonly Limit[]
  /** Carries every attempt. Stays open when the client is closed. Default: the wire of the plan. */
  readonly transport?: Transport
  /** Default: the diagnostics channels, and the observer of the plan. */
  readonly observer?: Observer
}

export function wire(plan: ClientPlan, clock: Clock, random: () => number, ports: WirePorts = {}): Wired {
  const cookies = new Cookies(plan, clock)
  // A transport passed by the caller has its own sockets, or none.
  const sockets = (ports.transport ?? plan.transport) === undefined ? processSockets() : undefined
  const spending: Limit | undefined = sockets?.limit({
    wants: () => gate.isWaitedFor(spending as Limit),
    wake: () => gate.turn(spending as Limit),
  })
  const pace = paceOf(plan, clock)
  const limits = [...limitsOfAll(plan), ...(ports.limits ?? []), ...(spending === undefined ? [] : [spending])]
  const { gate, matched } = openGate(plan, { limits, clock, random }, pace)
  const opinions =
    ports.opinions?.(gate) ??
    opinionsOf(jsonForHook, clock, (call, cost) => gate.correct(call, trueCosts(cost, call.plan)))
  const { transport, owned } =
    ports.transport === undefined ? transportOf(plan, clock) : { transport: cautious(ports.transport), owned: false }
  // Always in the stack, since any request may have a proxy; for the others the layer only reads one field of the plan.
  const routes = route(new Proxies(plan.proxies, random), clock)
  const observer = ports.observer ?? observers(channels, plan.telemetry)
  // the attempt's clock starts on the wire, not in the queue
  const carry = (plan.workers > 0 ? untimed : timeout(clock))(transport.send)
  const send = stack(
    [
      deadline(clock), // covers queueing, back-off and every attempt: it is the promise made to the user
      receive(call => sinkFor(call, clock)), // above poll, redirect and retry: one sink for all attempts and hops of a request
      poll({ clock, laneKeyOf, readJson: jsonForPoll, readPath, waits: call => gate.yields(call) }), // above redirect: each look at a job may be redirected; above the gate: the wait holds nothing
      redirect(laneKeyOf), // each hop is a fresh Call below: it pays its token and knows nothing of another origin's secrets
    ],
    // the boundary: Calls above, Attempts below; a request in back-off holds neither slot nor token
    retry({ budgetOf: budgetsBy(plan.budget), clock, random, opinions, onShortage: sockets && shrinking(sockets) }),
    through(
      [
        awaitToken(clock, tokenEndpoint(through([routes.refuse, routes.choose, statusDecides], carry), clock, random)), // before the gate: a refresh of a token holds no slot, and may need one
        routes.refuse, // before the gate: a request that no proxy takes must not cost a token
        gate.layer, // waits for every limit, then books all of them in one tick
        requireToken(clock), // what was admitted while a refresh began goes back and waits outside
        observe(observer, clock), // an attempt that waits has not started; one check if nobody listens
        routes.choose, // at the last moment: a proxy that failed meanwhile is not taken
        announce, // at the last moment, too: a request that waits has not been sent
        deliverBufferedBody, // outside the wire, which may know nothing of sinks; above the session, so that hooks see what it asks for
        session(cookies, clock), // at the last moment: a cookie set while queued must be in this request
        statusDecides, // directly around the wire: for all others, a refused response is one, whatever happened to its body
      ],
      carry,
    ),
  )
  const close = async (): Promise<void> => {
    await Promise.all([owned ? transport.close() : undefined, cookies.close(), pace.close()])
  }
  const unmatched = (): string[] => unmatchedIn(plan, matched)
  return { send, gate, cookies, observer, unmatched, ready: pace.ready, close }
}

/** The gate, and the names of `hosts` that a request has matched. */
function openGate(
  plan: ClientPlan,
  parts: Pick<GateParts, 'limits' | 'clock' | 'random'>,
  pace: Pace,
): { readonly gate: Gate; readonly matched: ReadonlySet<string> } {
  const matched = new Set<string>()
  const gate = new Gate({
    ...parts,
    slots: plan.concurrency,
    laneOf(call, shared, shares) {
      const own = entryOf(plan.hosts, call.lane, call.origin)
      for (const name of own?.names ?? []) matched.add(name)
      return laneFor(call, own ?? plan.perHost, plan, { shared, shares, rates: pace.limitsOf })
    },
  })
  pace.begin(gate)
  return { gate, matched }
}

/** The names of `hosts` that no request has matched. */
function unmatchedIn({ hosts }: ClientPlan, matched: ReadonlySet<string>): string[] {
  const names = new Set(Object.values(hosts).flatMap(entry => entry.names))
  return [...names].filter(name => !matched.has(name))
}

/** Port exhaustion affects one destination; descriptor exhaustion affects the whole process. */
function shrinking(sockets: SocketBudget): RetryParts['onShortage'] {
  return ({ code }, admittedAtMs, nowMs) => {
    if (code === 'resource/port') return
    sockets.shrink(admittedAtMs, nowMs)
    // Perhaps a file could not be opened for lack of descriptors: closing idle connections makes room for it.
    openSockets.closeIdle()
  }
}

/** The sink of a body that is not kept in memory. */
function sinkFor(call: Call, clock: Clock): BodySink | undefined {
  const { onChunk, onItem, returnType } = call.plan
  if (returnType === 'file') return fileSink(call, { reserve: asked => reserve(asked, clock), faultOf: fileFault })
  if (returnType === 'stream') return onChunk && consumerSink(call, onChunk, clock)
  if (!isItems(returnType) || onItem === undefined) return undefined
  return itemSink(call, { onItem, clock, ...ITEM_FORMATS[returnType] })
}

/** The limits of all requests of the client, slots first. */
function limitsOfAll({ concurrency, rates, budgets, auto, sharedLimits }: ClientPlan): Limit[] {
  const named = Object.entries(budgets)
  const option = auto ? 'maxConcurrency' : 'concurrency'
  // Without budgets, a cost counts as that many starts; a request counts as one start at least.
  const weighsStarts = named.length === 0
  return [
    slots(concurrency, { label: `${option} ${concurrency}`, option }),
    // Rates that several processes share are limits of each lane.
    ...(sharedLimits === undefined ? rates : []).map(rate =>
      labelled(weighsStarts ? startsLimit(rate, startsOf) : rateLimit(rate), 'rate', rate),
    ),
    ...named.flatMap(([name, several]) => several.map(rate => budgetLimit(rate, name))),
  ]
}

function budgetLimit(rate: Rate, name: string): Limit {
  const weightOf = (costs: Costs): number =>
    typeof costs === 'number' ? costs : Object.hasOwn(costs, name) ? (costs[name] as number) : 0
  const limit = rateLimit(rate, call => weightOf(call.costs))
  return labelled({ ...limit, correct: (call, costs) => limit.correct(call, weightOf(costs)) }, `budget ${name}`, rate)
}

interface LaneSurroundings {
  readonly shared: readonly Limit[]
  readonly shares: Shares
  readonly rates: Pace['limitsOf']
}

/**
 * The lane of this call's host or key.
 * @param limits from its entry in `hosts`, or from `perHost`
 */
function laneFor(call: Call, host: HostPlan, plan: ClientPlan, { shared, shares, rates }: LaneSurroundings): Lane {
  const { concurrency } = host
  const option = host === plan.perHost ? 'perHost.concurrency' : 'hosts'
  const hostSlots = plan.auto
    ? adaptive({ max: Math.min(concurrency, plan.concurrency) })
    : concurrency === Infinity
      ? undefined
      : slots(concurrency, { label: `host concurrency ${concurrency}`, option })
  return new Lane({
    key: call.lane,
    slots: hostSlots,
    // A cost counts at the limits of all hosts; at those of its own host a request counts as one start.
    rates: rates(call, host.rates),
    quota: plan.respectServerLimits ? new Quotas() : undefined,
    breaker: plan.breaker && breaker(plan.breaker),
    shared,
    shares,
  })
}

/** Our own transport is closed with the client; the caller's is not. */
function transportOf(
  { transport, connection, lookup, workers }: ClientPlan,
  clock: Clock,
): { transport: Wire; owned: boolean } {
  if (transport === undefined) {
    const own = ownTransport(connection, clock, { lookup, room: processSockets() })
    return { transport: workers === 0 ? own : threadedTransport(workers, connection, timed(own, clock)), owned: true }
  }
  if (isOwnTransport(transport)) return { transport: cautious(transport), owned: false }
  return { transport: dispatcherTransport(transport, clock), owned: false }
}

/** Attempts that stay on this thread have their timeouts here. */
function timed(transport: Wire, clock: Clock): Wire {
  return { send: timeout(clock)(transport.send), close: () => transport.close() }
}

/**
 * If a transport does not update the attempt, the request counts as sent from the start, which is safe for a POST. If
 * it throws or returns something else, its request fails.
 */
function cautious(transport: Transport): Wire {
  const send = async (attempt: Attempt): Promise<Result> => {
    try {
      const result = (await transport.send(new OutsideAttempt(attempt))) as Result | undefined
      if (result?.kind === 'reply' || result?.kind === 'fault') return result
      throw new TypeError('expected send() to return a Reply or a Fault')
    } catch (error) {
      return transportThrew(attempt, error)
    }
  }
  return { send: (attempt, done) => awaited(send(attempt), done), close: () => transport.close() }
}

/** A budget per origin. If there are very many, the oldest is forgotten, and starts full again. */
const MAX_BUDGETS = 10_000

function budgetsBy(plan: ClientPlan['budget']): (origin: string) => RetryBudget {
  const budgets = new Map<string, RetryBudget>()
  return origin => {
    let known = budgets.get(origin)
    if (known === undefined) {
      if (budgets.size >= MAX_BUDGETS) budgets.delete(budgets.keys().next().value as string)
      budgets.set(origin, (known = retryBudget(plan)))
    }
    return known
  }
}
