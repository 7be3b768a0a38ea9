/**
 * The result of one case of another project's test suite, and the four ways to count it.
 *
 * A suite only compares. Its table of reasons says why a difference is right, so a new difference counts as a fault
 * until someone has checked it.
 */

/** One case after it was tried. */
export type Trial =
  | { readonly name: string; readonly kind: 'agree' }
  /** Not comparable, because of `why`. */
  | { readonly name: string; readonly kind: 'out'; readonly why: string }
  | ({ readonly kind: 'differ' } & Difference)

export interface Difference {
  readonly name: string
  /** The result that the suite expects, in a few words. */
  readonly theirs: string
  readonly ours: string
  /** What was read or played. Only the rules use it; it is never printed. */
  readonly input: string
}

/** Why some cases have another result here. */
export interface Reason {
  /** Short, for the table of counts. */
  readonly rule: string
  readonly because: string
  /** Not our decision: a known fault of ours that is not fixed yet. */
  readonly isOwed?: boolean
  /** The names of the cases, or what they have in common. */
  readonly applies: readonly string[] | ((difference: Difference) => boolean)
}

export interface Suite {
  readonly name: string
  readonly reasons: readonly Reason[]
  /**
   * @param from the checkout, or the file
   */
  run(from: string): Promise<readonly Trial[]> | readonly Trial[]
}

export interface Count {
  readonly agree: number
  readonly differ: ReadonlyMap<Reason, number>
  readonly owed: ReadonlyMap<Reason, number>
  readonly out: ReadonlyMap<string, number>
  readonly faults: readonly Difference[]
  /** Rules that no case needs any more. */
  readonly unused: readonly Reason[]
}

export function count(trials: readonly Trial[], reasons: readonly Reason[]): Count {
  let agree = 0
  const differ = new Map<Reason, number>()
  const owed = new Map<Reason, number>()
  const out = new Map<string, number>()
  const faults: Difference[] = []
  for (const trial of trials) {
    if (trial.kind === 'agree') agree++
    else if (trial.kind === 'out') addOne(out, trial.why)
    else {
      const reason = reasons.find(each => doesApply(each, trial))
      if (reason === undefined) faults.push(trial)
      else addOne(reason.isOwed === true ? owed : differ, reason)
    }
  }
  const unused = reasons.filter(reason => !differ.has(reason) && !owed.has(reason))
  return { agree, differ, owed, out, faults, unused }
}

function doesApply({ applies }: Reason, difference: Difference): boolean {
  return typeof applies === 'function' ? applies(difference) : applies.includes(difference.name)
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
