/** What a pasted command contributes to the plan. Flags beside it take precedence. */
import type { CurlBody, CurlRequest } from './request.ts'
import type { FlagValues } from '../flags.ts'
import type { InputPlan } from '../run-plan.ts'
import type { Values } from '../../config/table.ts'

/** Client options of a pasted command that no flag of preq can express. */
export function clientOfPasted(curl: CurlRequest | undefined, values: FlagValues): Values {
  if (curl === undefined) return {}
  const asked = [values.cookie, values['cookie-file'], values['share-cookies']]
  const keepsCookies = curl.keepsCookies || asked.some(value => value !== undefined)
  return {
    ...(!keepsCookies && { cookies: false }),
    ...(curl.withoutHeaders.length > 0 && { headers: { set: [], unset: curl.withoutHeaders } }),
  }
}

/** Flags beside the command take precedence over its headers. */
export function headersOfPasted(
  curl: CurlRequest,
  body: CurlBody | undefined,
  values: FlagValues,
): InputPlan['headers'] {
  const beaten = new Set([
    ...(values.auth === undefined && values.bearer === undefined ? [] : ['authorization']),
    ...(values['user-agent'] === undefined ? [] : ['user-agent']),
  ])
  const type = body?.kind === 'data' ? body.contentType : undefined
  const kept = curl.headers.filter(([name]) => !beaten.has(name.toLowerCase()))
  return type === undefined ? kept : [...kept, ['Content-Type', type]]
}

export function bodyOfPasted(
  body: CurlBody | undefined,
  { headers }: CurlRequest,
  hasRows: boolean,
): InputPlan['body'] {
  if (body?.kind !== 'data') return body
  const { content, contentType } = body
  if (!hasRows || typeof content !== 'string') return { kind: 'raw', content }
  const given = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return { kind: 'pasted', text: content, contentType: given ?? contentType ?? '' }
}
