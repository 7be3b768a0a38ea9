/** The reader of the option that a flag sets, or of one field of it: the flag accepts what the option accepts. */
import { fieldsIn } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import type { AnyOption } from '../config/option.ts'
import { OPTIONS } from '../config/table.ts'
import type { Values } from '../config/table.ts'

/** The type at a path such as `timeouts.connect`. In a union, only members that have the field count. */
export type ValueAt<V, P extends string> = V extends unknown
  ? P extends `${infer Name}.${infer Rest}`
    ? Name extends keyof V
      ? ValueAt<NonNullable<V[Name]>, Rest>
      : never
    : P extends keyof V
      ? NonNullable<V[P]>
      : never
  : never

/** @param path `window`, `timeouts.connect` */
export function readerOf<const P extends string>(path: P): Read<ValueAt<Values, P>> {
  const [name = '', ...fields] = path.split('.')
  const option = (OPTIONS as Readonly<Record<string, AnyOption>>)[name]
  const read = fields.reduce((of, field) => of && fieldsIn(of)[field], option?.read)
  if (read === undefined || option === undefined) throw new Error(`flag table: there is no option ${path}`)
  // The reader of a whole option is looked up for each call, so that a test can replace it in the table.
  const reader: Read<unknown> = (...given) => (fields.length === 0 ? option.read : read)(...given)
  return reader as Read<ValueAt<Values, P>>
}
