/** One sentence that says what limited a run, with the figures behind it. */
import type { Limiting } from '../../core/attribution.ts'
import { formatDuration } from '../../core/duration.ts'
import { printable } from '../../core/printable.ts'
import type { Statistics } from '../../core/statistics.ts'
import { say } from '../../core/words.ts'
import type { Words, WordsPart } from '../../core/words.ts'
import type { NamedLimit } from './named-limits.ts'
import type { FirstBytes } from '../../layer/occupancy.ts'
import { isSaturated } from '../../layer/occupancy.ts'

export interface Evidence {
  /** The part of the run for which the cause was the limit. */
  readonly share: number
  readonly statistics: Statistics
  /** The most attempts that may be on the wire, the name of that limit, and the most that were. */
  readonly slots: number
  readonly slotsName: string
  readonly peak: number
  readonly firstBytes: FirstBytes | undefined
  /** The part of its share for which the event loop was busy. */
  readonly busy: number
  /** CPU time of the process, as a part of its share. More than 1 with threads. */
  readonly onCpu: number
  /** The rate, or the slots. */
  readonly limit: NamedLimit | undefined
  readonly pausedHosts: readonly string[]
  /** The most outcomes that were not taken at one time. */
  readonly mostUntaken: number
  /** Whether the window was full at some time. */
  readonly hadFullWindow: boolean
  /** The most requests that were in functions of the caller at one time; 0 if outcomes were what waited. */
  readonly mostInCallback: number
}

const SENTENCES: Readonly<Record<Limiting, (evidence: Evidence) => Words>> = {
  rate: evidence => [...limitedBy(evidence.limit?.name ?? 'the rate', evidence), '; ', ...slotsUsed(evidence)],
  concurrency: evidence => [
    ...limitedBy(evidence.limit?.name ?? 'concurrency', evidence),
    `: all its slots were in use and requests waited for one${firstByteOf(evidence)}`,
    ...raising(evidence.limit),
  ],
  server: evidence => [...limitedBy('the server', evidence), ...serverReason(evidence)],
  retries: ({ statistics, ...evidence }) => [
    ...limitedBy('retrying', evidence),
    `: ${counted(statistics.retries, 'retry', 'retries')} of ${counted(statistics.requests, 'request')}, and the back-off before them`,
    ...(frequentFailure(statistics) ?? []),
  ],
  pause: evidence => [
    ...limitedBy(`a pause that ${hostsOf(evidence.pausedHosts)} asked for`, evidence),
    '. A lower ',
    { option: 'rateLimit' },
    ' may avoid it',
  ],
  cpu: evidence => busyProcess(evidence),
  consumer: evidence => slowConsumer(evidence),
  input: evidence => [
    ...limitedBy('the input', evidence),
    ': the next request had not arrived; ',
    ...slotsUsed(evidence),
  ],
}

export const adviceOf = (cause: Limiting, evidence: Evidence): string => `${say(SENTENCES[cause](evidence))}.`

const percent = (share: number): string => `${Math.round(share * 100)} %`

const limitedBy = (what: string, { share }: Pick<Evidence, 'share'>): WordsPart[] => [
  `${printable(what)} was the limit for ${percent(share)} of the run`,
]

function slotsUsed({ slots, slotsName, peak }: Evidence): WordsPart[] {
  if (slots === Infinity)
    return [`at most ${counted(peak, 'request')} ${peak === 1 ? 'was' : 'were'} on the wire at once`]
  return [`${slotsName} was ${peak < slots ? `never used above ${peak}` : 'used in full at times'}`]
}

const raising = (limit: NamedLimit | undefined): WordsPart[] =>
  limit?.option === undefined ? [] : ['. A higher limit (', { option: limit.option }, ') may be faster']

/** Below this share, other processes had the CPU while the event loop was busy. */
const OWN_CPU = 0.6

function busyProcess(evidence: Evidence): WordsPart[] {
  const { busy, onCpu } = evidence
  const whole = percent(Math.min(1, busy))
  if (onCpu >= OWN_CPU * busy)
    return [
      ...limitedBy('this process', evidence),
      `: its event loop was busy for ${whole} of that time. See `,
      { option: 'workers' },
    ]
  return [
    ...limitedBy('this machine', evidence),
    `: the event loop of this process was busy for ${whole} of that time and had a CPU for ${percent(onCpu)} of it. ` +
      'Other processes need the CPU, or a function blocks without using it',
  ]
}

function slowConsumer(evidence: Evidence): WordsPart[] {
  const { mostInCallback, mostUntaken, hadFullWindow } = evidence
  if (mostInCallback > 0)
    return [
      ...limitedBy('a function of the caller', evidence),
      `: up to ${counted(mostInCallback, 'request')} at once waited for a hook, auth, parseFunc, onChunk or onItem`,
    ]
  return [
    ...limitedBy('the consumer of the outcomes', evidence),
    `: up to ${mostUntaken} of them waited to be taken`,
    ...(hadFullWindow ? ['. A larger ', { option: 'window' }, ' helps only if it is slow from time to time'] : []),
  ]
}

function serverReason(evidence: Evidence): WordsPart[] {
  const { firstBytes, statistics } = evidence
  if (firstBytes !== undefined && isSaturated(firstBytes)) {
    const { mostMs, fewMs } = firstBytes
    return [
      `: the first byte took ${formatDuration(mostMs)} with most slots in use and ${formatDuration(fewMs)} with few ` +
        '(medians), so a higher ',
      { option: 'concurrency' },
      ' would not help',
    ]
  }
  const { total } = statistics.timings
  const took = total === undefined ? '' : `, each for ${formatDuration(total.p50)} (median)`
  return [`: nothing waited, and all requests were on the wire${took}; `, ...slotsUsed(evidence)]
}

function firstByteOf({ firstBytes }: Evidence): string {
  // At the start of a run, the first answers may be the slowest ones.
  if (firstBytes === undefined || firstBytes.mostMs < firstBytes.fewMs) return ''
  const { mostMs, fewMs } = firstBytes
  return `; the first byte took ${formatDuration(mostMs)} with most of them in use and ${formatDuration(fewMs)} with few (medians)`
}

function frequentFailure({ codes }: Statistics): WordsPart[] | undefined {
  const [most] = Object.entries(codes)
  return most === undefined ? undefined : [`; ${counted(most[1], 'request')} ended with ${printable(most[0])}`]
}

const counted = (count: number, one: string, several = `${one}s`): string => `${count} ${count === 1 ? one : several}`

function hostsOf(hosts: readonly string[]): string {
  const [first = 'a host', ...others] = hosts
  return others.length === 0 ? first : `${first} and ${counted(others.length, 'other host')}`
}
