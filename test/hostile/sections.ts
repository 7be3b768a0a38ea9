/** Every row that is played in this folder. */
import { CONNECTING } from './a-connecting.ts'
import { HEAD } from './b-head.ts'
import { FRAMING } from './c-framing.ts'
import { CODINGS } from './d-codings.ts'
import { REDIRECTS } from './e-redirects.ts'
import { PACING } from './f-pacing.ts'
import { HTTP2 } from './g-http2.ts'
import { PROXIES } from './h-proxies.ts'
import { COOKIES } from './i-cookies.ts'
import { INPUTS } from './j-inputs.ts'
import { LOCAL_FAULTS, STANDSTILL } from './k-local-faults.ts'
import type { Act, Scenario } from '../support/hostile/scenario.ts'

export const SECTIONS: readonly (readonly (Scenario | Act)[])[] = [
  CONNECTING,
  HEAD,
  FRAMING,
  CODINGS,
  REDIRECTS,
  PACING,
  HTTP2,
  PROXIES,
  COOKIES,
  INPUTS,
  LOCAL_FAULTS,
  STANDSTILL,
]
