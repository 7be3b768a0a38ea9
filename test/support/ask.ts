/**
 * One request through the public API, as an outcome: one attempt, with a client of its own that is closed afterwards.
 */
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome, RequestSpec } from '../../src/index.ts'
import { tlsFixture } from './raw-server.ts'

export type AskOptions = ClientOptions & Partial<RequestSpec>

/** For tests that want retries without a wait. */
export const HASTY = { backoff: { base: '5ms' } } as const

export const TRUST = { tls: { ca: tlsFixture('ca') } }

export function clientOf(options: AskOptions = {}): ParallelRequests {
  return new ParallelRequests({ maxRetries: 0, timeout: '60s', retry: HASTY, ...options })
}

export async function ask(
  spec: string | (Partial<RequestSpec> & { url: string }),
  options: AskOptions = {},
): Promise<Outcome> {
  const client = clientOf(options)
  try {
    return await client.request(spec as RequestSpec, { onFailure: 'settle', returnType: 'text' })
  } finally {
    await client.close()
  }
}

/** `'ok'` or the error code. */
export const verdictOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code)

export async function verdict(
  spec: string | (Partial<RequestSpec> & { url: string }),
  options?: AskOptions,
): Promise<string> {
  return verdictOf(await ask(spec, options))
}

/**
 * Waits for a condition that is about to become true. `withinMs` is judged with the figures only: elsewhere a busy machine
 * gets the time that it needs, and what never becomes true still fails.
 */
export async function until(condition: () => boolean, withinMs = 1_000): Promise<void> {
  const endMs = performance.now() + (process.env['FIGURES'] === '1' ? withinMs : Math.max(withinMs, 60_000))
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`expected it within ${withinMs} ms: ${String(condition)}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
