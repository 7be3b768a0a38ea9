/**
 * What a case of another project's test suite comes to, and the four ways to count it.
 *
 * A suite only compares. Why a difference is right is said in its table of reasons, so that a new difference is a fault
 * until somebody has looked at it.
 */

/** One case after it was tried. */
export type Trial =
  | { readonly name: string; readonly kind: 'agree' }
  /** Nothing to compare, because of `why`. */
  | { readonly name: string; readonly kind: 'out'; readonly why: string }
  | ({ readonly kind: 'differ' } & Difference)

export interface Difference {
  readonly name: string
  /** What is right according to the suite, in a few words. */
  readonly theirs: string
  readonly ours: string
  /** What was read or played. Only the rules look at it; it is never printed. */
  readonly input: string
}

/** Why some cases end in another way here. */
export interface Reason {
  /** Short, for the table of counts. */
  readonly rule: string
  readonly because: string
  /** The difference is no decision of ours: our own HTTP/1.1 connection will end it. */
  readonly isOwed?: boolean
  /** The names of the cases, or what they have in common. */
  readonly applies: readonly string[] | ((difference: Difference) => boolean)
}

export interface Suite {
  readonly name: string
  readonly reasons: readonly Reason[]
  /** @param from the checkout, or the file */
  run(from: string): Promise<readonly Trial[]> | readonly Trial[]
}

export interface Count {
  readonly agree: number
  readonly differ: ReadonlyMap<Reason, number>
  readonly owed: ReadonlyMap<Reason, number>
  readonly out: ReadonlyMap<string, number>
  readonly faults: readonly Difference[]
  /** Rules that nothing needs any more. */
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
