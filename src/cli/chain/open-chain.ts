/** The chain of a run: read before anything is sent, so that mistakes in its templates refuse the run. */
import { chainOf } from './chain.ts'
import type { Jobs } from '../input/jobs.ts'
import type { RunPlan } from '../run-plan.ts'
import type { Follow } from '../../core/follow.ts'

/** Undefined without `--then`. Throws a UsageError, and closes the input then. */
export function openChain({ stages, input, output, client, isPasted }: RunPlan, jobs: Jobs): Follow | undefined {
  if (stages.length === 0) return undefined
  const hasItems = output.items !== undefined
  try {
    const baseUrl = client.baseUrl?.toString()
    return chainOf({ stages, input, hasItems, isPasted, baseUrl, columns: jobs.rowColumns })
  } catch (error) {
    jobs.close()
    throw error
  }
}
