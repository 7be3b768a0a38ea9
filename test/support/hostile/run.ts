/**
 * Plays one row of the catalogue and returns what was observed. Four trials run side by side: among polite requests,
 * alone (to observe the connection), and with one retry allowed, as it is and as a POST (to observe the retry class).
 */
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Outcome } from '../../../src/index.ts'
import { until, verdictOf } from '../ask.ts'
import type { Act, Into, Retry, Scenario, Seen, Socket, Spec, Way } from './scenario.ts'
import { isAct, retryOf } from './scenario.ts'
import { Trial, isOwn } from './trial.ts'
import type { TrialParts } from './trial.ts'
import { median } from './vitals.ts'

export interface Observed {
  readonly outcome: string
  /** The outcome of a POST, if it differs. */
  readonly post: string | undefined
  readonly retry: Retry
  readonly socket: Socket
  /** Everything that must not happen but did, one sentence each. */
  readonly wrong: readonly string[]
}

/** Polite requests to each origin. */
const CONTROLS = 20
/** How much a fault may delay the other requests. */
const CONTROL_MS = 250

const ONCE_MORE = { maxRetries: 1 }

export async function observe(row: Scenario | Act, way: Way = 'plain', into: Into = 'buffered'): Promise<Observed> {
  const parts = { row, way, into }
  return isAct(row) ? observeAct(row, parts) : observeScenario(row, parts)
}

async function observeScenario(row: Scenario, parts: TrialParts): Promise<Observed> {
  let outcome = ''
  let socket: Socket = '–'
  let asItIs = { seen: 0, code: '' }
  let asPost = { seen: 0, code: '' }
  const requests = row.requests ?? 1
  const repeatable = row.retry !== '–'
  const isPost = row.spec?.method === 'POST'
  const more = { ...parts, options: { ...row.options, ...ONCE_MORE } }
  const wrong = await Promise.all([
    Trial.run(parts, trial => amongOthers(trial, row, code => (outcome = code))),
    Trial.run(parts, trial => alone(trial, row, kept => (socket = kept))),
    repeatable && !isPost ? Trial.run(more, trial => counted(trial, row, {}, seen => (asItIs = seen))) : [],
    repeatable ? Trial.run(more, trial => counted(trial, row, postOf(row), seen => (asPost = seen))) : [],
  ])
  const idempotent = asItIs.seen > requests
  const any = asPost.seen > requests
  const retry = repeatable ? retryOf(idempotent, any) : '–'
  const post = repeatable && asPost.code !== outcome ? asPost.code : undefined
  return { outcome, post, retry, socket: row.socket === '–' ? '–' : socket, wrong: wrong.flat() }
}

const postOf = ({ spec }: Scenario): object => ({ method: 'POST', ...(spec?.body === undefined && { json: 1 }) })

/** Reports the victim's code, and returns what is wrong with the other requests, which must not be affected. */
async function amongOthers(trial: Trial, row: Scenario, tell: (code: string) => void): Promise<string[]> {
  const { hosts } = trial
  const limitMs = await baselineMs(trial)
  if (row.primed) await trial.politely('host')
  const controls = politeTo(trial, row.whole ? ['other'] : ['host', 'other'])
  const starvedMs = trial.loop.starvedMs()
  const [met, ...others] = await (row.primed ? ahead(trial, controls) : trial.askAll([trial.victim(), ...controls]))
  if (met === undefined) throw new Error('expected an outcome of the victim')
  const victim = trial.destination.read(met)
  const graceMs = trial.loop.starvedMs() - starvedMs + trial.slackMs
  tell(verdictOf(victim))
  hosts.heal()
  await rest(row)
  const tookMs = victim.timings.total
  return [
    ...disturbed(others, limitMs + graceMs),
    ...mistimed(tookMs, row.withinMs, graceMs),
    ...(row.parked ? [] : await trial.politely('host')),
    ...(await trial.politely('other')),
    ...missed(row, { outcome: victim, hosts, tookMs }),
  ]
}

/** Sends the victim first, so that it gets the kept connection. */
async function ahead(trial: Trial, controls: readonly Spec[]): Promise<Outcome[]> {
  const victim = trial.ask(trial.victim())
  await until(() => trial.hosts.victims > 0)
  const others = await trial.askAll(controls)
  return [await victim, ...others]
}

/** The longest wait without another turn of the event loop. */
const REST_PART_MS = 10

/**
 * In parts, because the server is in this process, and perhaps a proxy in another thread: after a stall the whole time
 * would be over before the bytes of the server have arrived.
 */
async function rest({ restMs = 0 }: Scenario): Promise<void> {
  let leftMs = restMs
  do {
    await new Promise(resolve => setTimeout(resolve, Math.min(leftMs, REST_PART_MS)))
    leftMs -= REST_PART_MS
  } while (leftMs > 0)
}

const politeTo = (trial: Trial, hosts: readonly ('host' | 'other')[]): Spec[] =>
  Array.from({ length: CONTROLS }, () => hosts.map(host => trial.polite(host))).flat()

/** The time that a polite request may take: the time it takes without a fault, plus a margin. */
async function baselineMs(trial: Trial): Promise<number> {
  const outcomes = await trial.askAll(politeTo(trial, ['other']))
  return median(outcomes.map(({ timings }) => timings.total)) + CONTROL_MS
}

function disturbed(outcomes: readonly Outcome[], limitMs: number): string[] {
  return outcomes.flatMap(outcome => [
    ...(isOwn(outcome) ? [] : [`a control ended as ${verdictOf(outcome)} with ${String(outcome.value)}`]),
    ...(process.env['FIGURES'] === '1' && outcome.timings.total > limitMs
      ? [`a control took ${outcome.timings.total} ms of ${limitMs}`]
      : []),
  ])
}

function mistimed(tookMs: number, limits: readonly [number, number] = [0, Infinity], graceMs: number): string[] {
  // The upper bound is judged only with the other figures: a busy machine is late without a fault of the code.
  const [soonestMs, latestMs] = process.env['FIGURES'] === '1' ? limits : [limits[0], Infinity]
  return tookMs < soonestMs || tookMs > latestMs + graceMs ? [`the victim took ${tookMs} ms`] : []
}

/** Alone, so that the next request would use the victim's connection and no other. */
async function alone(trial: Trial, row: Scenario, tell: (kept: Socket) => void): Promise<string[]> {
  const { hosts } = trial
  if (row.socket === '–') return []
  if (row.primed) await trial.politely('host')
  trial.destination.read(await trial.ask(trial.victim()))
  const used = row.onConnect ? hosts.host.connections[0] : hosts.connectionWith(`/victim/${hosts.token}`)
  hosts.heal()
  await rest(row)
  const where = used !== undefined && hosts.other.connections.includes(used) ? 'other' : 'host'
  const wrong = await trial.politely(where)
  const next = hosts.connectionWith('/polite/')
  tell(next === used ? 'K' : 'X')
  if (next === used) return wrong
  await Promise.race([used?.closed, new Promise(resolve => setTimeout(resolve, 1_000))])
  return used?.isOpen ? [...wrong, 'the connection was left open, though it was not used again'] : wrong
}

/** With retries allowed: how many requests the server sees. */
async function counted(
  trial: Trial,
  row: Scenario,
  spec: object,
  tell: (seen: { seen: number; code: string }) => void,
): Promise<string[]> {
  if (row.primed) await trial.politely('host')
  const outcome = trial.destination.read(await trial.ask(trial.victim(spec)))
  const seen = Math.max(trial.hosts.victims, row.onConnect ? trial.hosts.host.accepted : 0)
  tell({ seen, code: verdictOf(outcome) })
  // A redirect hop is an attempt as well.
  if (seen === outcome.attempts) return []
  return [`${outcome.attempts} attempts are said to have been made, and the server saw ${seen} requests`]
}

async function observeAct(row: Act, parts: TrialParts): Promise<Observed> {
  let seen = { outcome: '', retry: row.retry, socket: row.socket }
  const wrong = await Trial.run(parts, async trial => {
    const limitMs = row.alone || row.standsStill ? Infinity : await baselineMs(trial)
    const starvedMs = trial.loop.starvedMs()
    const startedAtMs = performance.now()
    const acting = row.act(trial).then(acted => ({ ...acted, tookMs: performance.now() - startedAtMs }))
    const others = row.alone ? [] : await trial.askAll(politeTo(trial, ['other']))
    const { verdict, retry = row.retry, socket = row.socket, tookMs } = await acting
    const graceMs = trial.loop.starvedMs() - starvedMs
    seen = { outcome: verdict, retry, socket }
    return [
      ...disturbed(others, limitMs + graceMs),
      ...mistimed(tookMs, row.withinMs, graceMs),
      ...(row.alone ? [] : await trial.politely('other')),
    ]
  })
  return { ...seen, post: undefined, wrong }
}

function missed({ look, sees }: Scenario, seen: Seen): string[] {
  const there = look?.(seen)
  return isDeepStrictEqual(there, sees) ? [] : [`expected to see ${inspect(sees)}, saw ${inspect(there)}`]
}
