/** What must hold whatever a server does: each check returns what is wrong, one sentence each. */
import { getEventListeners } from 'node:events'
import { readdirSync } from 'node:fs'
import { inspect } from 'node:util'
import type { Outcome } from '../../../src/index.ts'

/** Uncaught errors and process warnings since this module was loaded. */
const stray: unknown[] = []
const warnings: unknown[] = []
process.on('uncaughtExceptionMonitor', error => stray.push(error))
process.on('unhandledRejection', reason => stray.push(reason))
process.on('warning', warning => warnings.push(warning))

export const strayCount = (): number => stray.length

export function strays(since: number): string[] {
  return stray.slice(since).map(error => `an error that nobody caught: ${inspect(error)}`)
}

/** Searches for a secret in every form in everything that the caller gets. */
export function leaks(canary: string, said: readonly unknown[]): string[] {
  const needles = [canary, Buffer.from(`user:${canary}`).toString('base64').replaceAll('=', '')]
  const texts = [...said, ...warnings].flatMap(thing => [inspect(thing, { depth: 12 }), asJson(thing), stackOf(thing)])
  return needles.flatMap(needle =>
    texts.filter(text => text.includes(needle)).map(text => `a secret shows in: ${around(text, needle)}`),
  )
}

function around(text: string, needle: string): string {
  const at = text.indexOf(needle)
  return text.slice(Math.max(0, at - 80), at + 80)
}

function asJson(thing: unknown): string {
  try {
    return JSON.stringify(thing) ?? ''
  } catch {
    return ''
  }
}

function stackOf(thing: unknown): string {
  const error = (thing as Outcome | undefined)?.error
  return error === undefined ? '' : `${error.stack}\n${String(error)}\n${String(error.cause)}`
}

export function abortListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

/** The resources that this process holds open, by kind, and its file descriptors. */
export function holdings(): Record<string, number> {
  const held: Record<string, number> = { fds: readdirSync('/proc/self/fd').length }
  for (const kind of process.getActiveResourcesInfo()) held[kind] = (held[kind] ?? 0) + 1
  return held
}

/** The resources that are held now in addition to those before. */
export function surplus(before: Readonly<Record<string, number>>): string[] {
  return Object.entries(holdings())
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([kind, count]) => `${kind}: ${before[kind] ?? 0} before, ${count} now`)
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
