/**
 * What callers get of headers: the platform's `Headers`, except that printing it shows no secret.
 *
 * Its class is made when somebody asks for the first one, of the `Headers` that there is then: whoever touches that name
 * loads all of Node's fetch, which most batches have no use for.
 */
import { REDACTED, isSecretName } from './headers.ts'
import type { HeaderList } from './headers.ts'

const CUSTOM_INSPECT = Symbol.for('nodejs.util.inspect.custom')
const HOLDS_URL = new Set(['content-location', 'link', 'location', 'referer', 'refresh'])

let made: ReturnType<typeof makeClass> | undefined

/** The caller's view of a list. */
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
        // A URL may hold secrets in its query and before its host.
        else shown[name] = HOLDS_URL.has(name) ? value.replace(/[?#].*|^[^?#]*@/gs, REDACTED) : value
      }
      return shown
    }
  }
}
