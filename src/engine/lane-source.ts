/**
 * An array, split into lanes. Lanes with room take turns. A waiting item costs one number, so a paused, slow or dead
 * host with a million requests does not delay the others.
 *
 * A lane is in one of these states: ready; at share, when it holds its part of the slots: it goes when no ready lane
 * wants the slot; unproven, when its host has not proven itself: it goes when no proven host wants the slot; or
 * blocked, when it has the maximum of requests queued at the gate and a further one would only wait behind them.
 */
import { toSource } from './source.ts'
import type { Item, Pulled, Source } from './source.ts'
import { LinkedList } from '../core/linked-list.ts'
import type { Link } from '../core/linked-list.ts'
import { Ring } from '../core/ring.ts'
import type { Standing } from '../core/standing.ts'
import type { Trip } from '../core/trip.ts'

/** What the gate answers about a lane. */
export interface Admission {
  /**
   * `rivals`: number of lanes that want slots, this one included. `full`: the lane has its maximum of requests queued.
   */
  mayPull(lane: string, rivals: number, full: boolean): 'go' | 'wait' | 'at-share' | 'yield'
  standingOf(lane: string): Standing
}

interface LaneGroup extends Link<LaneGroup> {
  readonly lane: string
  readonly indexes: number[]
  next: number
  /** The standing of its host, as last reported to this run. */
  standing: Standing
  /** Requests that were pulled and may still be queued at the gate, oldest first. */
  readonly pulled: Ring<Trip>
}

/**
 * How many lanes at share, and how many unproven ones, are checked per pull. The others are woken when their state
 * changes.
 */
const ASKED_ASIDE = 4

/**
 * The array by lanes, or in its own order if all items are in one lane. The array is copied: later changes of it have
 * no effect.
 *
 * @param window how many requests may be queued at the gate, over all lanes; each lane may always have one
 */
export function laneSource(
  given: readonly unknown[],
  laneOf: (value: unknown, index: number) => string,
  admission: Admission,
  window = 1,
): Source {
  const input = given.slice()
  const [first, alike, other] = beginning(input, laneOf)
  if (alike === input.length)
    return toSource(input, first, first === undefined ? undefined : admission.standingOf(first))
  const groups = new Map<string, LaneGroup>()
  const groupOf = (lane: string): LaneGroup => {
    let group = groups.get(lane)
    if (group === undefined) groups.set(lane, (group = newGroup(lane, admission.standingOf(lane))))
    return group
  }
  for (let index = 0; index < alike; index++) groupOf(first as string).indexes.push(index)
  groupOf(other as string).indexes.push(alike)
  for (let index = alike + 1; index < input.length; index++) groupOf(laneOf(input[index], index)).indexes.push(index)
  return new ByLanes(input, groups, admission, Math.max(1, Math.floor(window / groups.size)))
}

/**
 * The lane of the first item, how many items follow with the same lane (itself included), and the lane after those. Most
 * arrays have one lane, and need no list of indexes.
 */
function beginning(
  input: readonly unknown[],
  laneOf: (value: unknown, index: number) => string,
): [first: string | undefined, alike: number, other: string | undefined] {
  const first = input.length === 0 ? undefined : laneOf(input[0], 0)
  for (let index = 1; index < input.length; index++) {
    const lane = laneOf(input[index], index)
    if (lane !== first) return [first, index, lane]
  }
  return [first, input.length, undefined]
}

function newGroup(lane: string, standing: Standing): LaneGroup {
  return {
    lane,
    indexes: [],
    next: 0,
    standing,
    pulled: new Ring(),
    list: undefined,
    before: undefined,
    behind: undefined,
  }
}

class ByLanes implements Source {
  readonly isByLanes = true
  readonly size: number
  readonly lookAhead = 0
  readonly #input: readonly unknown[]
  readonly #groups: Map<string, LaneGroup>
  readonly #admission: Admission
  /** The maximum of requests of one lane that may be queued at the gate. */
  readonly #perLane: number
  /** Lanes whose turn came when they could not go, and which were woken since. */
  readonly #due = new LinkedList<LaneGroup>()
  readonly #ready = new LinkedList<LaneGroup>()
  readonly #atShare = new LinkedList<LaneGroup>()
  readonly #unproven = new LinkedList<LaneGroup>()
  /** Lanes that are not blocked, by the standing of their hosts. */
  readonly #waiting: Record<Standing, number> = { new: 0, proven: 0, silent: 0 }
  #left: number

  constructor(input: readonly unknown[], groups: Map<string, LaneGroup>, admission: Admission, perLane: number) {
    this.#input = input
    this.#perLane = perLane
    this.#groups = groups
    this.#admission = admission
    this.size = this.#left = input.length
    for (const group of groups.values()) this.#join(this.#ready, group)
  }

  pull(): Pulled {
    const group =
      this.#longestWaiting(this.#unproven) ??
      this.#longestWaiting(this.#atShare) ??
      this.#first(this.#due) ??
      this.#first(this.#ready) ??
      this.#firstOfAll(this.#atShare) ??
      this.#firstOfAll(this.#unproven)
    if (group === undefined) return this.#left === 0 ? 'done' : 'later'
    return this.#take(group)
  }

  wake(lane: string, standing?: Standing): void {
    const group = this.#groups.get(lane)
    if (group === undefined) return
    const { list } = group
    if (standing !== undefined && standing !== group.standing) {
      if (list !== undefined) {
        this.#waiting[group.standing]--
        this.#waiting[standing]++
      }
      group.standing = standing
    }
    if (list === undefined) return this.#join(this.#ready, group)
    // A lane that is in a list keeps its position: waking it often must not send it to the end.
    if (list !== this.#ready && list !== this.#due) this.#due.push(group)
  }

  pulled(lane: string, trip: Trip): void {
    this.#groups.get(lane)?.pulled.push(trip)
  }

  wants(standing: Standing): boolean {
    return this.#waiting[standing] > 0
  }

  backlogOf(lane: string | undefined): number {
    if (lane === undefined) return this.#left
    const group = this.#groups.get(lane)
    return group === undefined ? 0 : group.indexes.length - group.next
  }

  takeRest(take: (item: Item) => void): void {
    for (const group of this.#groups.values()) {
      this.#leaveList(group)
      while (group.next < group.indexes.length) {
        const index = group.indexes[group.next++] as number
        this.#left--
        take({ value: this.#input[index], index })
      }
      this.#groups.delete(group.lane)
    }
  }

  close(): void {
    // An array has nothing to clean up.
  }

  /** The longest waiting lane of the list that may go now. */
  #longestWaiting(list: LinkedList<LaneGroup>): LaneGroup | undefined {
    for (let asked = Math.min(ASKED_ASIDE, list.size); asked > 0; asked--) {
      const group = list.peek() as LaneGroup
      if (this.#mayGo(group)) return group
    }
    return undefined
  }

  #first(list: LinkedList<LaneGroup>): LaneGroup | undefined {
    for (let group = list.peek(); group !== undefined; group = list.peek()) {
      if (this.#mayGo(group)) return group
    }
    return undefined
  }

  /** Takes the group out of its list and asks the gate. Unless it may go, it joins the list of what it waits for. */
  #mayGo(group: LaneGroup): boolean {
    this.#leaveList(group)
    const answer = this.#ask(group)
    if (answer === 'go') return true
    // The standing may have changed before it is reported to this run.
    if (answer !== 'wait') group.standing = this.#admission.standingOf(group.lane)
    // A blocked lane is in no list: it is woken when its request at the gate has gone.
    if (answer !== 'wait') this.#join(answer === 'at-share' ? this.#atShare : this.#unproven, group)
    return false
  }

  /** The first lane of the list that may go when no other lane wants the slot. */
  #firstOfAll(list: LinkedList<LaneGroup>): LaneGroup | undefined {
    for (let group = list.peek(); group !== undefined; group = list.peek()) {
      this.#leaveList(group)
      if (this.#ask(group) !== 'wait') return group
    }
    return undefined
  }

  #ask({ lane, pulled }: LaneGroup): ReturnType<Admission['mayPull']> {
    for (let first = pulled.peek(); first !== undefined && !isWaiting(first); first = pulled.peek()) pulled.shift()
    return this.#admission.mayPull(lane, this.#groups.size, pulled.size >= this.#perLane)
  }

  #take(group: LaneGroup): Item {
    const index = group.indexes[group.next++] as number
    this.#left--
    if (group.next < group.indexes.length) this.#join(this.#ready, group)
    else this.#groups.delete(group.lane)
    return { value: this.#input[index], index, lane: group.lane }
  }

  #join(list: LinkedList<LaneGroup>, group: LaneGroup): void {
    if (group.list !== undefined) return
    list.push(group)
    this.#waiting[group.standing]++
  }

  #leaveList(group: LaneGroup): void {
    if (group.list === undefined) return
    group.list.remove(group)
    this.#waiting[group.standing]--
  }
}

/** Whether the request is queued at the gate: neither admitted nor ended. */
function isWaiting({ retry, slot }: Trip): boolean {
  return retry.attempts === 0 && slot !== -1
}
