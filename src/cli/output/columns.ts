/** The columns of CSV: the ones of `--columns`, or the columns of the input and the parts of `--select`. */
import type { Field } from './fields.ts'
import { columnName, fieldNamed, fieldsOf, headerName, partName } from './fields.ts'
import type { InputShape } from './output.ts'
import type { Selection } from './select.ts'
import type { OutputPlan } from '../run-plan.ts'
import { nearest } from '../../config/names.ts'
import { UsageError } from '../usage-error.ts'

export interface Column {
  readonly name: string
  readonly value: Field
}

export function columnsOf(
  { columns: chosen, responseHeaders: headers, stages }: Pick<OutputPlan, 'columns' | 'responseHeaders' | 'stages'>,
  input: InputShape,
  selection: Selection | undefined,
): Column[] {
  const parts = selection?.parts ?? []
  const fields = fieldsOf(input.columns, selection, headers, stages)
  const named = headers.map(name => headerName(name, fields))
  const selected = selection === undefined ? ['value'] : parts.map(({ name }) => partName(name, fields))
  // If the input has a column `url`, it is the URL of the request, which every outcome has anyway.
  const rest = input.columns.filter(name => !(input.hasUrls && name === 'url')).map(name => columnName(name, fields))
  const standard = [
    'index',
    ...(input.hasFollowUps ? ['request_id'] : []),
    ...(input.hasKey ? ['key'] : []),
    ...rest,
    'url',
    'status',
    ...selected,
    'error',
    ...named,
  ]
  return [...new Set(chosen === undefined ? standard : [...chosen, ...named])].map(name => {
    const value = fieldNamed(name, fields)
    if (value !== undefined) return { name, value }
    const near = nearest(name, Object.keys(fields))
    const remedy = near === undefined ? '' : ` Did you mean '${near}'?`
    throw new UsageError(`--columns: expected some of ${Object.keys(fields).join(', ')}, got '${name}'.${remedy}`)
  })
}
