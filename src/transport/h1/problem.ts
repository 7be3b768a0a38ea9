/** Why the bytes of a server are refused. Plain data, because a parser does not know the attempt. */
import type { FaultCode } from '../../core/result.ts'
import type { Words } from '../../core/words.ts'

export interface WireProblem {
  readonly code: FaultCode
  readonly message: Words
}

export const wireProblem = (code: FaultCode, message: Words): WireProblem => ({ code, message })
