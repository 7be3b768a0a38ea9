/**
 * Decides what is tried next of a chunk whose process has died. Requests are tried in groups that become smaller with
 * each death, and at last one by one. A request is to blame only if it was alone. Pure: the log is in trial-log.ts.
 */

/** A process that was seen to die with one request in it has died of the request. Twice, in case it was a person. */
const SEEN_DEATHS = 2
/**
 * If the worker has died together with the trial, nobody has seen why: the memory of a whole container may have been
 * used up, or somebody has killed the worker. Nobody kills it this often during trials of one request.
 */
const ALL_DEATHS = 5
/** A group of at most so many is followed by single requests. */
const SMALL_GROUP = 10

export interface Death {
  /** Positions of the requests that had no result when the trial began. */
  readonly positions: readonly number[]
  /** A signal or an exit code; undefined if nobody has seen it. */
  readonly by: string | undefined
}

/** How often a process died that sent one request alone. */
export interface Blame {
  readonly deaths: number
  /** Of the last one that was seen. */
  readonly by: string | undefined
}

export type NextTrial =
  | { readonly kind: 'try'; readonly positions: readonly number[] }
  | { readonly kind: 'poison'; readonly position: number; readonly blame: Blame }

/** @param left positions without a result, in their order; at least one */
export function nextTrial(left: readonly number[], deaths: readonly Death[]): NextTrial {
  const groups = new Map<number, number>()
  for (const { positions } of deaths) {
    for (const position of positions) {
      groups.set(position, Math.min(groups.get(position) ?? Infinity, positions.length))
    }
  }
  for (const position of left) {
    if (groups.get(position) !== 1) continue
    const blame = blameOf(position, deaths)
    if (blame !== undefined) return { kind: 'poison', position, blame }
  }
  const most = (position: number): number => smallerThan(groups.get(position))
  // The largest groups first: requests that are not to blame have their results soonest.
  const largest = left.reduce((found, position) => Math.max(found, most(position)), 0)
  return { kind: 'try', positions: left.filter(position => most(position) === largest).slice(0, largest) }
}

function smallerThan(size: number | undefined): number {
  if (size === undefined) return Infinity
  return size <= SMALL_GROUP ? 1 : Math.ceil(Math.sqrt(size))
}

function blameOf(position: number, deaths: readonly Death[]): Blame | undefined {
  const alone = deaths.filter(({ positions }) => positions.length === 1 && positions[0] === position)
  const seen = alone.filter(({ by }) => by !== undefined)
  if (seen.length < SEEN_DEATHS && alone.length < ALL_DEATHS) return undefined
  return { deaths: alone.length, by: seen.at(-1)?.by }
}
