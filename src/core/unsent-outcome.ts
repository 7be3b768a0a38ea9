/**
 * The outcome of an item that was given up before it was looked at. An abort of an array makes one for each entry that
 * is left, so that what is dear, the error above all, is made when somebody reads it.
 */
import { isUnsentCode, NO_WARNINGS, refusedOutcome, UNTIMED } from './outcome.ts'
import type { FailedOutcome, Outcome } from './outcome.ts'
import type { Fault, FaultCode } from './result.ts'

/** What can be told of a request that was never made. */
export interface Label {
  readonly index: number
  readonly key: string | undefined
  readonly method: string
  readonly url: string
  readonly meta: unknown
}

/** The same for all entries of one abort. */
interface Why {
  readonly method: string
  readonly reason: Fault
  readonly secretNames: ReadonlySet<string> | undefined
}

class Made {
  readonly outcome: FailedOutcome

  constructor(outcome: FailedOutcome) {
    this.outcome = outcome
  }
}

/** To everybody outside an object literal with its fields in their usual order: own, enumerable, writable. */
class UnsentOutcome implements FailedOutcome {
  // Declared only: the constructor sets them in the order in which they are printed.
  declare readonly ok: false
  declare readonly id: string
  declare readonly index: number
  declare readonly request: FailedOutcome['request']
  declare readonly error: FailedOutcome['error']
  declare readonly attempts: number
  declare readonly timings: FailedOutcome['timings']
  declare readonly warnings: readonly string[]
  declare readonly source: 'network'
  declare readonly key?: string

  /**
   * A string is the URL of a request that is no more. Replaced by what was made of it, kept here and not in the fields,
   * which the caller may have frozen.
   */
  #what: Label | string | Made
  readonly #why: Why

  constructor(id: string, index: number, key: string | undefined, label: Label | string, why: Why) {
    this.#what = label
    this.#why = why
    this.ok = false
    this.id = id
    this.index = index
    Object.defineProperty(this, 'request', REQUEST)
    Object.defineProperty(this, 'error', ERROR)
    this.attempts = 0
    this.timings = UNTIMED
    this.warnings = NO_WARNINGS
    this.source = 'network'
    if (key !== undefined) this.key = key
  }

  static made(this: void, outcome: UnsentOutcome): FailedOutcome {
    const what = outcome.#what
    if (what instanceof Made) return what.outcome
    const made = outcome.#make(what)
    outcome.#what = new Made(made)
    return made
  }

  static codeOf(this: void, outcome: Pick<Outcome, 'error'>): FaultCode | undefined {
    return #what in outcome && !(outcome.#what instanceof Made) ? outcome.#why.reason.code : outcome.error?.code
  }

  #make(label: Label | string): FailedOutcome {
    const { id, index, key } = this
    const { method, reason, secretNames } = this.#why
    const asked = typeof label === 'string' ? { index, key, method, url: label, meta: undefined } : label
    return refusedOutcome({ ...asked, id }, reason, secretNames)
  }
}

// Printing shows fields that are made late as `[Getter]` and a class by its name; this shows what it stands for.
Object.defineProperty(UnsentOutcome.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: UnsentOutcome) {
    // oxlint-disable-next-line typescript/no-misused-spread -- the prototype is what must not show
    return { ...this }
  },
})
Object.defineProperty(UnsentOutcome.prototype, 'constructor', { value: Object })

/** One function for all of them, so that an outcome costs no closure. */
function late(name: 'request' | 'error'): PropertyDescriptor & ThisType<UnsentOutcome> {
  return {
    enumerable: true,
    configurable: true,
    get() {
      return UnsentOutcome.made(this)[name]
    },
    set(value: unknown) {
      UnsentOutcome.made(this)
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true, writable: true })
    },
  }
}

const REQUEST = late('request')
const ERROR = late('error')

const whys = new WeakMap<Fault, Why>()

/** One object for as long as nothing changes: with a million entries each field less is a tenth of the time. */
function whyOf(method: string, reason: Fault, secretNames: ReadonlySet<string> | undefined): Why {
  const known = whys.get(reason)
  if (known?.method === method && known.secretNames === secretNames) return known
  const why = { method, reason, secretNames }
  whys.set(reason, why)
  return why
}

/** @param label a string is the URL of a request that is no more */
export function unsentOutcome(
  id: string,
  { index, key, method }: Pick<Label, 'index' | 'key' | 'method'>,
  label: Label | string,
  reason: Fault,
  secretNames?: ReadonlySet<string>,
): FailedOutcome {
  return new UnsentOutcome(id, index, key, label, whyOf(method, reason, secretNames))
}

/** Of an outcome that failed, and without making its error. */
export const codeOf: (outcome: Pick<Outcome, 'error'>) => FaultCode | undefined = UnsentOutcome.codeOf

/** Nothing of it was sent, or what was sent was turned away: the same run again sends it. */
export function isUnsent(outcome: Pick<Outcome, 'error'>): boolean {
  const code = codeOf(outcome)
  return code !== undefined && isUnsentCode(code)
}
