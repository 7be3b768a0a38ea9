/**
 * Bodies of failures that the server is not to blame for: the response was a success, and its value was refused here, by
 * the schema, by `parseFunc` or by the parser. The run file keeps them, so that a run with a mended schema does not send
 * the request again.
 */
import type { LineValue } from './run-line.ts'
import { getHeader } from '../../core/headers.ts'
import type { DoneLine } from '../../core/journal.ts'
import type { Reply } from '../../core/result.ts'

/** Refused by code of the caller. */
const REFUSED: ReadonlySet<string> = new Set([
  'schema/mismatch',
  'callback/schema',
  'callback/parse',
  'timeout/callback',
  'timeout/total',
])

/** @param code of a failure that followed a reply */
export const isRefusedValue = (code: string): boolean => REFUSED.has(code)

/** The bytes are not what the return type says; another one may be able to read them. */
export const isUnparsed = (code: string): boolean => code.startsWith('parse/')

/** The body as it came, with what is needed to read it again. */
export function unparsedBody({ body, headers, statusText, url }: Reply): LineValue {
  const type = getHeader(headers, 'content-type')
  const head = { statusText, headers: type === undefined ? [] : ['content-type', type], url }
  const { buffer, byteOffset, byteLength } = body
  return { value: Buffer.from(buffer, byteOffset, byteLength).toString('base64'), encoding: 'base64', head }
}

/** Whether the line of a failure holds the body. Lines of earlier versions do not. */
export function hasBody({ ok, error, value }: DoneLine): boolean {
  const code = error?.code ?? ''
  return !ok && value !== undefined && (isRefusedValue(code) || isUnparsed(code))
}
