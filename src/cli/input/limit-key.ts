/** `--limit-key` as the option `limitKey` of the library. */
import type { Place } from './jobs.ts'
import type { InputPlan } from '../run-plan.ts'
import type { Values } from '../../config/table.ts'

export function limitKeyOption({ limitKey }: InputPlan): Pick<Values, 'limitKey'> {
  // With an empty key, the limits of the origin apply.
  return limitKey === undefined ? {} : { limitKey: ({ meta }) => (meta as Place).limitKey || undefined }
}
