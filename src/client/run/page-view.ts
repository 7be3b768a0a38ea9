/**
 * A page as a style of pagination reads it. Getters belong to the class: an object literal with a getter makes V8 create a
 * hidden class for each object, in old space, where it keeps the page alive until the next full collection.
 */
import type { Call } from '../../core/call.ts'
import { parseAsWritten } from '../../core/exact-json.ts'
import { getAllHeaders } from '../../core/headers.ts'
import type { OkOutcome } from '../../core/outcome.ts'
import type { PageHeaders, PageView } from '../../core/pagination.ts'
import type { Result } from '../../core/result.ts'

export class ArrivedPage implements PageView, PageHeaders {
  readonly number: number
  readonly requestUrl: string
  readonly url: string
  readonly value: unknown
  readonly items: readonly unknown[] | undefined
  readonly #call: Call
  readonly #result: Result
  readonly #outcome: OkOutcome<unknown>

  /** @param url that answered */
  constructor(number: number, call: Call, url: string, result: Result, outcome: OkOutcome<unknown>) {
    this.number = number
    this.requestUrl = call.url
    this.url = url
    this.value = outcome.value
    this.items = outcome.items
    this.#call = call
    this.#result = result
    this.#outcome = outcome
  }

  get headers(): PageHeaders {
    return this
  }

  get(name: string): string | undefined {
    const outcome = this.#outcome
    const result = this.#result
    if (outcome.source === 'run-file' || result.kind !== 'reply') return outcome.response.headers.get(name) ?? undefined
    const values = getAllHeaders(result.headers, name.toLowerCase())
    return values.length === 0 ? undefined : values.join(', ')
  }

  get body(): unknown {
    return jsonIn(this.#call)
  }
}

/** The JSON body of a request; undefined if it has none. */
export function jsonIn({ body }: Call): unknown {
  if (typeof body !== 'string') return undefined
  try {
    return parseAsWritten(body)
  } catch {
    return undefined
  }
}
