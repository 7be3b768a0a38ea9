/**
 * Bodies of successful responses whose value was refused here: by the schema, by `parseFunc`, by the parser, or because
 * it is no page that others can follow. The run file keeps them, so that a run with a corrected schema or path does not
 * send the request again.
 */
import type { LineValue } from './run-line.ts'
import type { Call } from '../../core/call.ts'
import { getHeader } from '../../core/headers.ts'
import type { DoneLine } from '../../core/journal.ts'
import type { Reply } from '../../core/result.ts'
import { secretsOf, sentWith } from '../../core/secrets.ts'
import { printableUrl } from '../../core/url.ts'

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

/**
 * The body as received, with what is needed to read it again. Undefined if it echoes a secret of the request: a body that
 * is not JSON is usually an error page, in which no one expects a secret.
 */
export function unparsedBody(reply: Reply, call: Call): LineValue | undefined {
  const { buffer, byteOffset, byteLength } = reply.body
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  const text = bytes.toString('latin1')
  if (secretsOf(sentWith(call, reply)).some(({ escaped }) => escaped.isIn(text))) return undefined
  const type = getHeader(reply.headers, 'content-type')
  const headers = type === undefined ? [] : ['content-type', type]
  const head = { statusText: '', headers, url: printableUrl(reply.url, call.plan.secretNames) }
  return { value: bytes.toString('base64'), encoding: 'base64', head }
}

/** Whether the line of a failure holds the body. Lines of earlier versions do not. */
export const hasBody = ({ ok, value }: DoneLine): boolean => !ok && value !== undefined

/** The page was read, and what follows from it could not be known. */
export const isUnfollowed = (line: DoneLine): boolean => {
  const code = line.error?.code ?? ''
  return hasBody(line) && !isRefusedValue(code) && !isUnparsed(code)
}
