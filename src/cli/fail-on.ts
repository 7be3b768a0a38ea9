/** `--fail-on`: conditions such as `p95>2s` and `failed>1%`, and whether they hold at the end of a run. */
import { got, problem } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { nearest } from '../config/names.ts'
import { formatDuration, parseDuration } from '../core/duration.ts'
import { PHASE_NAMES } from '../core/host-tally.ts'
import type { PhaseName } from '../core/host-tally.ts'
import type { Statistics } from '../index.ts'

const COUNTS = ['failed', 'retries'] as const
const FIGURES = ['p50', 'p90', 'p95', 'p99', 'max', 'mean'] as const
type Count = (typeof COUNTS)[number]
type Figure = (typeof FIGURES)[number]
type Operator = '>' | '>=' | '<' | '<='

/** A condition that makes the exit code 1. `limit` is a number, a percentage, or milliseconds. */
export type FailTerm = { readonly text: string; readonly operator: Operator; readonly limit: number } & (
  | { readonly count: Count; readonly isPercent: boolean }
  | { readonly figure: Figure; readonly phase: PhaseName }
)

/** What the conditions cover: only requests that were sent in this run. */
export interface SentCounts {
  readonly sent: number
  readonly failed: number
}

const TERM = /^\s*(?:([a-z_-]+)\s*\.\s*)?([a-z0-9_-]+)\s*(>=|<=|>|<)\s*(\S.*)$/i
/** `p95>2s,failed>1%`: several terms in one. */
const SEVERAL = /[<>]/
const EXPECTED = "a condition such as 'p95>2s', 'firstByte.p99>=500ms', 'failed>1%' or 'retries>100'"

export const failTerm: Read<FailTerm> = (value, name, problems) => {
  const term = typeof value === 'string' ? termOf(value.trim()) : { remedy: 'Write it as text.' }
  if (!('remedy' in term)) return term
  problems.push(problem(name, EXPECTED, got(value), term.remedy))
  return undefined
}

interface Wrong {
  readonly remedy: string
}

function termOf(text: string): FailTerm | Wrong {
  const match = TERM.exec(text)
  if (match === null)
    return { remedy: 'Write a figure, one of > >= < <=, and a limit; put quotes around it in a shell.' }
  const [, phaseText, figureText, operator, limitText] = match as unknown as [
    string,
    string | undefined,
    string,
    Operator,
    string,
  ]
  if (SEVERAL.test(limitText)) return { remedy: 'Give each condition its own --fail-on.' }
  const count = COUNTS.find(each => each === figureText)
  if (count !== undefined && phaseText === undefined) return countTerm(text, count, operator, limitText)
  const figure = FIGURES.find(each => each === figureText)
  if (phaseText === undefined && PHASE_NAMES.some(each => each === figureText))
    return { remedy: `A phase needs a figure: did you mean ${figureText}.p95${operator}${limitText}?` }
  if (figure === undefined) return unknown(figureText, phaseText === undefined ? [...COUNTS, ...FIGURES] : FIGURES)
  const phase = phaseText === undefined ? 'total' : PHASE_NAMES.find(each => each === phaseText)
  if (phase === undefined) return unknown(phaseText as string, PHASE_NAMES)
  const limit = parseDuration(limitText)
  if (limit === undefined) {
    const isBare = /^\d+(?:\.\d+)?$/.test(limitText)
    return {
      remedy: isBare ? `A time needs its unit: did you mean ${limitText}s?` : 'Write the time as 500ms, 2s or 1m.',
    }
  }
  return { text, figure, phase, operator, limit }
}

function countTerm(text: string, count: Count, operator: Operator, limitText: string): FailTerm | Wrong {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(limitText)
  if (match === null) return { remedy: `Write ${count} with a number or a percentage: ${count}>10, ${count}>1%.` }
  const [, number, percent] = match
  return { text, count, operator, limit: Number(number), isPercent: percent === '%' }
}

function unknown(given: string, known: readonly string[]): Wrong {
  const near = nearest(given, known)
  return { remedy: near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${near}'?` }
}

/** Whether there is a condition on `failed`, so that a single failure does not make the exit code 1. */
export const judgesFailures = (terms: readonly FailTerm[]): boolean =>
  terms.some(term => 'count' in term && term.count === 'failed')

export interface Broken {
  readonly term: string
  /** The figure as text, with what it measures. */
  readonly figure: string
}

/** The conditions that hold. One on a phase that never happened, or on no requests at all, does not. */
export function brokenTerms(terms: readonly FailTerm[], statistics: Statistics, sent: SentCounts): Broken[] {
  return terms.flatMap(term => {
    const found = 'count' in term ? countOf(term, statistics, sent) : timeOf(term, statistics)
    return found === undefined || !holds(found.value, term) ? [] : [{ term: term.text, figure: found.text }]
  })
}

interface Found {
  readonly value: number
  readonly text: string
}

function countOf(
  { count, isPercent }: Extract<FailTerm, { readonly count: Count }>,
  { retries }: Statistics,
  { sent, failed }: SentCounts,
): Found | undefined {
  if (sent === 0) return undefined
  const value = count === 'failed' ? failed : retries
  const share = (value / sent) * 100
  const text = `${value} ${count === 'failed' ? 'failed' : 'retries'} of ${sent} sent`
  return isPercent ? { value: share, text: `${text} (${Number(share.toPrecision(3))}%)` } : { value, text }
}

function timeOf(
  { figure, phase }: Extract<FailTerm, { readonly figure: Figure }>,
  { timings }: Statistics,
): Found | undefined {
  const of = timings[phase]
  if (of === undefined) return undefined
  return {
    value: of[figure],
    text: `${figure} of ${phase} was ${formatDuration(of[figure])} over ${of.count} request${of.count === 1 ? '' : 's'}`,
  }
}

function holds(value: number, { operator, limit }: FailTerm): boolean {
  switch (operator) {
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '<':
      return value < limit
    case '<=':
      return value <= limit
  }
}
