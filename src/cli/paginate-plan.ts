/** Reads the flags of pages: `--paginate` and the fields of its style. */
import type { FlagName, FlagValues } from './flags.ts'
import { OPTIONS } from '../config/table.ts'
import type { Values } from '../config/table.ts'
import type { Problem } from '../core/problem.ts'

const FIELDS = ['next', 'page-param', 'total', 'page-size', 'page-size-param'] as const satisfies readonly FlagName[]

export function paginateOf(values: FlagValues, problems: Problem[]): Values['paginate'] {
  const { paginate: style, next, total, 'page-param': param, 'page-size': size, 'page-size-param': sizeParam } = values
  if (style === undefined) {
    const lone = FIELDS.find(name => values[name] !== undefined)
    if (lone !== undefined) problems.push(`--${lone}: expected --paginate STYLE beside it, got none. Add it.`)
    return undefined
  }
  const fields = Object.entries({ style, next, param, total, size, sizeParam }).filter(
    ([, value]) => value !== undefined,
  )
  return OPTIONS.paginate.read(Object.fromEntries(fields), 'paginate', problems)
}
