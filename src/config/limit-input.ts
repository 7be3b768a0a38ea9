/** The options that limit: per host, by pattern of hosts, by named budget, by cost. */
import { normalHost } from './hosts.ts'
import { count, fields, func, got, isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { rates } from './rate-input.ts'
import type { ReadRate } from './rate-input.ts'
import type { Costs } from '../core/call.ts'
import type { Problem } from '../core/problem.ts'

/** The limits of one host that were set. */
export interface ReadHostLimits {
  /** The names of the entry in `hosts`. */
  readonly names?: readonly string[]
  readonly concurrency?: number
  readonly rateLimit?: readonly ReadRate[]
}

export const readPerHost = fields({ concurrency: count(1), rateLimit: rates })

const HOST_FORM = "a name such as 'api.example.com', '*.example.com' or 'localhost:8080'"

export const readHosts: Read<Readonly<Record<string, ReadHostLimits>>> = (value, name, problems) => {
  if (!isPlain(value)) {
    problems.push(problem(name, 'an object with limits by host', got(value), plainRemedy(value)))
    return undefined
  }
  const read: [string, ReadHostLimits][] = []
  for (const [pattern, limits] of Object.entries(value)) {
    const of = limits === undefined ? undefined : readPerHost(limits, `${name}['${pattern}']`, problems)
    if (of !== undefined) read.push([pattern, of])
  }
  return hostsByForm(read)
}

/** Limits by every form in which a host may match: the pattern in its canonical form, and as it was written. */
export function hostsByForm(
  limits: Iterable<readonly [pattern: string, ReadHostLimits]>,
): Readonly<Record<string, ReadHostLimits>> {
  const byForm = new Map<string, ReadHostLimits>()
  for (const [pattern, of] of limits) {
    // The written form, too: it may be a key of `limitKey`, which may be any text.
    for (const form of new Set([normalHost(pattern) ?? pattern, pattern])) {
      const before = byForm.get(form)
      byForm.set(form, { ...before, ...of, names: [...(before?.names ?? []), pattern] })
    }
  }
  return Object.fromEntries(byForm)
}

/** Without a `limitKey`, every name must be a pattern of hosts. */
export function hostProblems(hosts: Readonly<Record<string, ReadHostLimits>>): Problem[] {
  const remedy = 'Leave out scheme, path and user; a wildcard stands for the first labels.'
  return Object.keys(hosts).flatMap(name =>
    normalHost(name) === undefined ? [problem('hosts', HOST_FORM, got(name), remedy)] : [],
  )
}

export const readBudgets: Read<Readonly<Record<string, readonly ReadRate[]>>> = (value, name, problems) => {
  if (!isPlain(value)) {
    problems.push(problem(name, "an object such as { tokens: '90000/m' }", got(value), plainRemedy(value)))
    return undefined
  }
  const read: [string, readonly ReadRate[]][] = []
  for (const [budget, given] of Object.entries(value)) {
    if (given === undefined) continue
    const of = rates(given, `${name}.${budget}`, problems)
    if (of !== undefined) read.push([budget, of])
  }
  return Object.fromEntries(read)
}

const isWeight = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value)

/** A weight or weights by name; undefined and a problem for anything else. */
export const readCosts: Read<Costs> = (value, name, problems) => {
  if (isWeight(value)) return value
  if (!isPlain(value)) {
    const remedy = 'Write a number, or one per budget: { tokens: 1200 }.'
    problems.push(
      problem(
        name,
        'a number ≥ 0 or an object of them',
        typeof value === 'number' ? String(value) : kindOf(value),
        remedy,
      ),
    )
    return undefined
  }
  const read: [string, number][] = []
  for (const [budget, weight] of Object.entries(value)) {
    if (weight === undefined) continue
    if (isWeight(weight)) read.push([budget, weight])
    else
      problems.push(problem(`${name}.${budget}`, 'a number ≥ 0', got(weight), 'Leave it out where it takes nothing.'))
  }
  return Object.fromEntries(read)
}

/** Returned unchanged: the answer of a function is read for each request. */
export const readCost: Read<unknown> = (value, name, problems) =>
  typeof value === 'function' ? func(value, name, problems) : readCosts(value, name, problems)
