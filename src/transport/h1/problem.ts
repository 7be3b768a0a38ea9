/** Why a peer's bytes are refused. Plain data, because a parser knows neither the attempt nor whether it was sent. */
import type { FaultCode } from '../../core/result.ts'
import type { Words } from '../../core/words.ts'

export interface WireProblem {
  readonly code: FaultCode
  readonly message: Words
}

export const wireProblem = (code: FaultCode, message: Words): WireProblem => ({ code, message })
