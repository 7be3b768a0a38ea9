/**
 * What the standing of a host follows from, and what it may cost others: those that have not been asked yet and those that
 * do not answer share a part of all places among themselves.
 */
import type { Health } from './health.ts'
import { Newcomers } from './newcomers.ts'
import { share } from './share.ts'
import type { Share } from './share.ts'
import type { Standing } from '../core/standing.ts'

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

/**
 * New hosts step back for a proven one that waits for a place, silent ones also for one that has not been asked yet: else
 * their repeats hold every place until their timeouts when nobody proven has anything left to send.
 */
export function shares(places: number, isProvenWaiting: () => boolean, isHopefulWaiting: () => boolean): Shares {
  const part = (of: number): number => Math.max(1, Math.floor(places * of))
  return { new: new Newcomers(part(NEW_SHARE), isProvenWaiting), silent: share(part(SILENT_SHARE), isHopefulWaiting) }
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
