/**
 * The headers and credentials that a request itself has, without those that all requests of its input share: see `Own`.
 */
import type { Credentials, Own } from '../core/call.ts'
import { isCommon } from './common.ts'
import { filterHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { RequestSpec } from '../core/spec.ts'
import type { BodyPlan } from './body.ts'
import type { ReadHeaders } from './header-input.ts'

export const NO_HEADERS: ReadHeaders = { set: [], unset: [] }

/**
 * Undefined if the request has nothing of its own.
 * @param credentials the credentials that it is sent with, unless they come from the options
 */
export function ownOf(
  spec: RequestSpec,
  brought: ReadHeaders,
  body: BodyPlan | undefined,
  credentials: Credentials | undefined,
): Own | undefined {
  const { auth, idempotencyKey } = spec
  const named = brought === NO_HEADERS ? brought.set : withoutCommon(spec.headers, brought.set)
  const headers = typeof idempotencyKey === 'string' ? [...named, 'idempotency-key', idempotencyKey] : named
  const own = typeof auth === 'object' && isCommon(auth) ? undefined : credentials
  const { unset } = brought
  if (headers.length === 0 && unset.length === 0 && own === undefined && body === undefined) return undefined
  return { headers, unset, credentials: own, contentType: body?.contentType }
}

/** Only whole pairs are marked as common. A name that occurs twice is the request's own if one of its pairs is. */
function withoutCommon(given: unknown, set: HeaderList): HeaderList {
  if (!Array.isArray(given)) return set
  const pairs = given as readonly (readonly [string, unknown])[]
  const varied = pairs.filter(pair => !isCommon(pair))
  if (varied.length === pairs.length) return set
  const names = new Set(varied.map(([name]) => name.toLowerCase()))
  return filterHeaders(set, name => names.has(name))
}
