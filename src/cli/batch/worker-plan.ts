/** The plan of a batch in a worker: from the flags of its submit, and the secrets of this process. */
import type { WorkerFlags } from './shared-flags.ts'
import { givenFlags } from '../settings.ts'
import type { GivenFlags } from '../settings.ts'
import { planRun } from '../run-plan.ts'
import { checkedCall } from '../run-options.ts'
import { readOptions } from '../../config/read.ts'
import { planOptions } from '../../distributed/batch/options.ts'
import type { Manifest } from '../../distributed/batch/manifest.ts'
import { resolveSecrets } from '../../distributed/batch/secrets.ts'
import type { Planned } from '../../distributed/batch/work.ts'

/** Never requested: a plan needs a URL, and the rows have theirs. */
export const NO_URL = 'http://rows.invalid/'

/** @param own flags of the worker, which take the place of those of the submit */
export function planFlags({ flags, headers }: WorkerFlags, env: NodeJS.ProcessEnv, own: GivenFlags = []): Planned {
  const names = new Set(own.map(([name]) => name))
  const all = [...flags.filter(([name]) => !names.has(name)), ...own]
  const { client, call, input } = planRun([NO_URL], all, env, givenFlags(all))
  const resolved = resolveSecrets(headers, env, '-H') as [string, string][]
  const common = readOptions(
    {
      ...(input.method !== undefined && { method: input.method }),
      ...(input.auth !== undefined && { auth: input.auth }),
      ...(resolved.length > 0 && { headers: resolved }),
    },
    'constructor',
  )
  return { client: { ...client, ...common }, call: checkedCall({ ...call, resume: 'chunk' }) }
}

export function planBatch(manifest: Manifest, env: NodeJS.ProcessEnv, own: GivenFlags): Planned {
  const { kind, given } = manifest.plan
  return kind === 'flags' ? planFlags(given as WorkerFlags, env, own) : planOptions(manifest, env)
}
