/**
 * `returnType: 'auto'`: an empty body is null. JSON if the content type says so, or if the text parses as an object or
 * array; otherwise text; otherwise bytes.
 */
import { compactBytes } from './response.ts'
import { parseJson, tooDeep } from './json.ts'
import { decodeText } from './text.ts'
import type { Call } from '../core/call.ts'
import { JSON_TYPE, TEXT_TYPE } from '../core/charset.ts'
import { parseAnswer } from '../core/exact-json.ts'
import { getHeader } from '../core/headers.ts'
import { isDeeperThan } from '../core/json-depth.ts'
import type { Fault, Reply } from '../core/result.ts'

const MAY_BE_JSON = /^\s*[[{]/

export function guess(reply: Reply, call: Call): { readonly value: unknown } | Fault {
  if (reply.body.byteLength === 0) return { value: null }
  const { maxJsonDepth } = call.plan
  const type = getHeader(reply.headers, 'content-type') ?? ''
  // A body that is declared as JSON must be valid JSON.
  if (JSON_TYPE.test(type)) return parseJson(reply, call, maxJsonDepth)
  const { text, warning } = decodeText(reply)
  if (warning !== undefined && !TEXT_TYPE.test(type)) return { value: compactBytes(reply.body) }
  if (MAY_BE_JSON.test(text)) {
    try {
      const value = parseAnswer(text)
      return isDeeperThan(maxJsonDepth, text) ? tooDeep(reply, maxJsonDepth) : { value }
    } catch {
      // Text that happens to begin with a brace.
    }
  }
  if (warning !== undefined) call.trip.warn(warning)
  return { value: text }
}
