/** Every row that is played here. */
import { CONNECTING } from './a-connecting.ts'
import { HEAD } from './b-head.ts'
import { FRAMING } from './c-framing.ts'
import { CODINGS } from './d-codings.ts'
import { REDIRECTS } from './e-redirects.ts'
import { PACING } from './f-pacing.ts'
import type { Act, Scenario } from '../support/hostile/scenario.ts'

export const SECTIONS: readonly (readonly (Scenario | Act)[])[] = [
  CONNECTING,
  HEAD,
  FRAMING,
  CODINGS,
  REDIRECTS,
  PACING,
]
