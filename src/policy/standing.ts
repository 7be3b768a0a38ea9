/**
 * How far a host is trusted with places that others wait for: it has answered, it has not been asked yet, or it does not
 * answer (any more). The last two share a part of all places among themselves.
 */
import type { Health } from './health.ts'
import { Newcomers } from './newcomers.ts'
import { share } from './share.ts'
import type { Share } from './share.ts'

export type Standing = 'new' | 'proven' | 'silent'

/** Of all places, for hosts that have never answered. With the silent ones it is a quarter. */
const NEW_SHARE = 1 / 5
/** For hosts that have been asked and are silent: enough to notice that they are back. */
const SILENT_SHARE = 1 / 20
/** A host that has answered before may be silent this many times in a row and is still trusted. */
const MAX_SILENCES = 3

export interface Shares {
  readonly new: Newcomers
  readonly silent: Share
}

/** `isWanted` says whether a proven host waits for a place. */
export function shares(places: number, isWanted: () => boolean): Shares {
  const part = (of: number): number => Math.max(1, Math.floor(places * of))
  return { new: new Newcomers(part(NEW_SHARE), isWanted), silent: share(part(SILENT_SHARE), isWanted) }
}

/** The standing after an attempt, and how often in a row the host has been silent. */
export function standingAfter(
  health: Health,
  before: Standing,
  silences: number,
): { standing: Standing; silences: number } {
  if (health === 'unknown') return { standing: before, silences }
  if (health !== 'down') return { standing: 'proven', silences: 0 }
  const trusted = before === 'proven' && silences + 1 < MAX_SILENCES
  return { standing: trusted ? 'proven' : 'silent', silences: silences + 1 }
}
