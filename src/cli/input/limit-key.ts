/** `--limit-key` as the option `limitKey` of the library. */
import type { Place } from './jobs.ts'
import type { InputPlan } from '../run-plan.ts'
import type { ClientOptions } from '../../index.ts'

export function limitKeyOption({ limitKey }: InputPlan): Pick<ClientOptions, 'limitKey'> {
  // With an empty key, the limits of the origin apply.
  return limitKey === undefined ? {} : { limitKey: ({ meta }) => (meta as Place).limitKey || undefined }
}
