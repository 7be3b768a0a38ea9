/** The entry of a quarantine of `preq worker`. */
import { planBatch } from './worker-plan.ts'
import type { GivenFlags } from '../settings.ts'
import { keepIntegers } from '../../core/exact-json.ts'
import { serveQuarantine } from '../../distributed/batch/quarantine-serve.ts'

keepIntegers()
serveQuarantine((manifest, env, own) => planBatch(manifest, env, own as GivenFlags))
