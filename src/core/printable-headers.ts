/**
 * The headers that callers get: the platform's `Headers`, with secrets redacted when they are printed.
 *
 * The class is created on first use, because reading the global `Headers` loads all of Node's fetch, which most batches
 * do not need.
 */
import { REDACTED, isSecretName } from './headers.ts'
import type { HeaderList } from './headers.ts'
import { printableUrl } from './url.ts'

const CUSTOM_INSPECT = Symbol.for('nodejs.util.inspect.custom')
const HOLDS_URL = new Set(['content-location', 'link', 'location', 'referer', 'refresh'])

/** The value of a header as outputs show it: without secrets. */
export function printableHeader(name: string, value: string, secretNames?: ReadonlySet<string>): string {
  if (isSecretName(name, secretNames)) return REDACTED
  if (!HOLDS_URL.has(name)) return value
  return printableUrl(value, secretNames).replace(/\/\/[^/\s<>]*@/g, '//')
}

let made: ReturnType<typeof makeClass> | undefined

/** Converts a list to the `Headers` that a caller gets. */
export function toHeaders(list: HeaderList, secretNames?: ReadonlySet<string>): Headers {
  const PrintableHeaders = (made ??= makeClass())
  const headers = new PrintableHeaders(secretNames)
  for (let i = 0; i < list.length; i += 2) headers.append(list[i] as string, list[i + 1] as string)
  return headers
}

function makeClass() {
  return class PrintableHeaders extends Headers {
    readonly #secretNames: ReadonlySet<string> | undefined

    constructor(secretNames: ReadonlySet<string> | undefined) {
      super()
      this.#secretNames = secretNames
    }

    [CUSTOM_INSPECT](): Record<string, string> {
      const shown: Record<string, string> = {}
      for (const [name, value] of this) {
        if (isSecretName(name, this.#secretNames)) shown[name] = REDACTED
        // A URL may hold secrets in its query and in its userinfo.
        else shown[name] = HOLDS_URL.has(name) ? value.replace(/[?#].*|^[^?#]*@/gs, REDACTED) : value
      }
      return shown
    }
  }
}
