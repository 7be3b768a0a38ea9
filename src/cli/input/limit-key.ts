/** `--limit-key`: whose limits a row is under, as the option of the library that asks for it. */
import type { Place } from './jobs.ts'
import type { InputPlan } from '../run-plan.ts'
import type { ClientOptions } from '../../index.ts'

export function limitKeyOption({ limitKey }: InputPlan): Pick<ClientOptions, 'limitKey'> {
  // An empty one is nobody's: the origin counts.
  return limitKey === undefined ? {} : { limitKey: ({ meta }) => (meta as Place).limitKey || undefined }
}
