/** Every row that is played here. */
import { HEAD } from './b-head.ts'
import { FRAMING } from './c-framing.ts'
import { CODINGS } from './d-codings.ts'
import type { Act, Scenario } from '../support/hostile/scenario.ts'

export const SECTIONS: readonly (readonly (Scenario | Act)[])[] = [HEAD, FRAMING, CODINGS]
