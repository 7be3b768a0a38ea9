/**
 * How slots of shared rates are granted: the generic cell rate algorithm (ITU-T I.371), for several rates at once and
 * several slots at a time. Redis runs `LUA_GRANT`, the same arithmetic in Lua; a property test holds the two together.
 *
 * Times are microseconds, which a double holds exactly until the year 2255. A spacing may have a fraction.
 */

/** A rate, and what is known of it. */
export interface RateState {
  /** From slot to slot; 0 if only the cooldown counts. */
  readonly spacing: number
  /** How many slots may be at once, if none was used for long. */
  readonly burst: number
  /** The theoretical arrival time of the next slot; 0 at first. */
  tat: number
  /** The spacing with which `tat` was charged; 0 at first. The next slot is one spacing of its own after the last slot. */
  charged: number
  /** No slot lies before this time; 0 without one. */
  readonly cooldown: number
}

/** Slot i of `slots` is at `start + i · spacing`. */
export interface Grant {
  /** 0: none now. Ask again when `start` is within the horizon. */
  readonly slots: number
  readonly start: number
  readonly spacing: number
  /** Without slots, the last of the rates that has none, counted from 1. */
  readonly blockedBy: number
}

/**
 * Takes up to this many slots from all rates, or from none. A slot lies within the horizon at each rate; where the
 * rates disagree, the latest start and the widest spacing are granted. Each rate is only charged for its own slots, so
 * that a slow host takes nothing from the others: at the faster rate, at most `rate · horizon` slots can come late.
 *
 * Processes may ask with different rates, as they do while a rate is being changed: each slot then has the spacing of the
 * process that takes it, so that all together never exceed the highest of the rates.
 */
export function grant(now: number, horizon: number, asked: number, rates: readonly RateState[]): Grant {
  let [slots, start, spacing, blockedBy] = [asked, 0, 0, 0]
  const bases = rates.map((rate, index) => {
    const due = rate.charged === 0 ? rate.tat : rate.tat - rate.charged + rate.spacing
    const base = Math.max(due, now - (rate.burst - 1) * rate.spacing, rate.cooldown)
    const room = roomFor(rate, base, now + horizon)
    if (room < 1) blockedBy = index + 1
    slots = Math.min(slots, room)
    start = Math.max(start, base)
    spacing = Math.max(spacing, rate.spacing)
    return base
  })
  if (slots < 1) return { slots: 0, start, spacing, blockedBy }
  for (const [index, rate] of rates.entries()) {
    if (rate.spacing === 0) continue
    rate.tat = Math.ceil((bases[index] as number) + slots * rate.spacing)
    rate.charged = rate.spacing
  }
  return { slots, start, spacing, blockedBy: 0 }
}

function roomFor({ spacing }: RateState, base: number, until: number): number {
  if (base > until) return 0
  return spacing === 0 ? Infinity : Math.floor((until - base) / spacing) + 1
}

/** `grant` in Lua: the same operations in the same order, on the same doubles. */
export const LUA_GRANT = `
local function grant(now, horizon, asked, rates)
  local slots, start, spacing, blockedBy = asked, 0, 0, 0
  local bases = {}
  for index, rate in ipairs(rates) do
    local due = rate.tat
    if rate.charged ~= 0 then due = rate.tat - rate.charged + rate.spacing end
    local base = math.max(due, now - (rate.burst - 1) * rate.spacing, rate.cooldown)
    local room = math.huge
    if base > now + horizon then room = 0
    elseif rate.spacing > 0 then room = math.floor((now + horizon - base) / rate.spacing) + 1 end
    if room < 1 then blockedBy = index end
    slots = math.min(slots, room)
    start = math.max(start, base)
    spacing = math.max(spacing, rate.spacing)
    bases[index] = base
  end
  if slots < 1 then return 0, start, spacing, blockedBy end
  for index, rate in ipairs(rates) do
    if rate.spacing > 0 then
      rate.tat = math.ceil(bases[index] + slots * rate.spacing)
      rate.charged = rate.spacing
    end
  end
  return slots, start, spacing, 0
end
`
