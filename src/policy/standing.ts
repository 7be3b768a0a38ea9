/**
 * How the standing of a host changes, and how many slots its standing allows: new hosts and silent hosts each share a
 * part of all slots.
 */
import type { Health } from './health.ts'
import { Newcomers } from './newcomers.ts'
import { slotShare } from './share.ts'
import type { Share } from './share.ts'
import type { Standing } from '../core/standing.ts'

/** Share of all slots for hosts that have never answered. With the silent hosts' share it makes a quarter. */
const NEW_SHARE = 1 / 5
/** Share for hosts that were asked and stay silent: enough to notice when they are back. */
const SILENT_SHARE = 1 / 20
/** A host that has answered before stays trusted until it is silent this many times in a row. */
const MAX_HOST_SILENCES = 3

export interface Shares {
  readonly new: Newcomers
  readonly silent: Share
}

/**
 * New hosts yield to a proven host that waits for a slot. Silent hosts also yield to a new one: otherwise, once no
 * proven host has anything left to send, their retries hold every slot until their timeouts.
 */
export function shares(slots: number, isProvenWaiting: () => boolean, isHopefulWaiting: () => boolean): Shares {
  const part = (of: number): number => Math.max(1, Math.floor(slots * of))
  return {
    new: new Newcomers(part(NEW_SHARE), isProvenWaiting),
    silent: slotShare(part(SILENT_SHARE), isHopefulWaiting),
  }
}

/** The standing after an attempt, and how many times in a row the host has been silent. */
export function standingAfter(
  health: Health,
  before: Standing,
  silences: number,
): { standing: Standing; silences: number } {
  if (health === 'unknown') return { standing: before, silences }
  if (health !== 'down') return { standing: 'proven', silences: 0 }
  const trusted = before === 'proven' && silences + 1 < MAX_HOST_SILENCES
  return { standing: trusted ? 'proven' : 'silent', silences: silences + 1 }
}
