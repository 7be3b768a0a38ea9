/** Why a peer's bytes are refused. Plain data, because a parser knows neither the attempt nor whether it was sent. */
import type { FaultCode } from '../../core/result.ts'

export interface WireProblem {
  readonly code: FaultCode
  readonly message: string
}

export const wireProblem = (code: FaultCode, message: string): WireProblem => ({ code, message })
