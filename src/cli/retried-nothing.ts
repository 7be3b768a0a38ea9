/** A warning for `--retry-only` with codes that no recorded failure has, for example because of a typo after the `/`. */
import type { MeantFailures } from '../core/failure-codes.ts'

interface Counts {
  readonly ok: number
  readonly failed: number
  readonly restored: number
  readonly unsent: number
}

export function retriedNothing(meant: MeantFailures | undefined, { ok, failed, restored, unsent }: Counts): string[] {
  const isAllRestored = restored === ok + failed && unsent === 0
  if (typeof meant !== 'object' || failed === 0 || !isAllRestored) return []
  return [`no recorded failure is ${meant.join(' or ')}, so nothing was sent (--retry-only)`]
}
