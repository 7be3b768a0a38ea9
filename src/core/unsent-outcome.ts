/**
 * The outcome of an item that was aborted before it was read. An abort of an array makes one for every remaining entry,
 * so the expensive parts, above all the error, are created only when they are read.
 */
import { isUnsentCode, NO_WARNINGS, refusedOutcome, UNTIMED } from './outcome.ts'
import type { FailedOutcome, Outcome } from './outcome.ts'
import type { Fault, FaultCode } from './result.ts'

/** The details of a request that was never sent. */
export interface Label {
  readonly index: number
  readonly key: string | undefined
  readonly method: string
  readonly url: string
  readonly meta: unknown
}

/** Shared by all entries of one abort. */
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

/** Callers see the fields of an object literal, in the usual order: own, enumerable and writable. */
class UnsentOutcome implements FailedOutcome {
  // Only declared here: the constructor sets them in the order in which they are printed.
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
   * The label, or only the URL if the request itself is not kept; the created outcome from the first read on. Kept here
   * and not in the fields, because the caller may have frozen those.
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

  static urlOf(this: void, outcome: Outcome): string {
    const what = #what in outcome ? outcome.#what : undefined
    if (what === undefined || what instanceof Made) return outcome.request.url
    return typeof what === 'string' ? what : what.url
  }

  #make(label: Label | string): FailedOutcome {
    const { id, index, key } = this
    const { method, reason, secretNames } = this.#why
    const asked = typeof label === 'string' ? { index, key, method, url: label, meta: undefined } : label
    return refusedOutcome({ ...asked, id }, reason, secretNames)
  }
}

// Printing would show the lazy fields as `[Getter]`, and the name of the class. This shows the outcome instead.
Object.defineProperty(UnsentOutcome.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: UnsentOutcome) {
    // oxlint-disable-next-line typescript/no-misused-spread -- the prototype is what must not show
    return { ...this }
  },
})
Object.defineProperty(UnsentOutcome.prototype, 'constructor', { value: Object })

/** One getter for all outcomes, so that an outcome needs no closure. */
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

/** Reuses one object while nothing changes: with a million entries, each field saved is a tenth of the time. */
function whyOf(method: string, reason: Fault, secretNames: ReadonlySet<string> | undefined): Why {
  const known = whys.get(reason)
  if (known?.method === method && known.secretNames === secretNames) return known
  const why = { method, reason, secretNames }
  whys.set(reason, why)
  return why
}

/** @param label a string is the URL, for a request that is not kept */
export function unsentOutcome(
  id: string,
  { index, key, method }: Pick<Label, 'index' | 'key' | 'method'>,
  label: Label | string,
  reason: Fault,
  secretNames?: ReadonlySet<string>,
): FailedOutcome {
  return new UnsentOutcome(id, index, key, label, whyOf(method, reason, secretNames))
}

/** The error code of an outcome, without creating its error. */
export const codeOf: (outcome: Pick<Outcome, 'error'>) => FaultCode | undefined = UnsentOutcome.codeOf

/** The URL of an outcome, without creating its request: it may hold secrets that `request.url` does not show. */
export const urlOf: (outcome: Outcome) => string = UnsentOutcome.urlOf

/** Whether the server never got the request, or turned it away unprocessed. A rerun sends it. */
export function isUnsent(outcome: Pick<Outcome, 'error'>): boolean {
  const code = codeOf(outcome)
  return code !== undefined && isUnsentCode(code)
}
