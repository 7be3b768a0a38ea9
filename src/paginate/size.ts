/** How many items a page shall have: the field that says so, which the caller of a style sets in the first request. */
import type { PageChange, PageStyle, PaginatePlan } from '../core/pagination.ts'
import { setField } from './request-field.ts'
import type { FirstRequest } from './request-field.ts'

const SIZE_PARAMS: Readonly<Partial<Record<PageStyle, string>>> = {
  link: 'per_page',
  cursor: 'limit',
  offset: 'limit',
  page: 'per_page',
  'json-api': 'page[size]',
  elasticsearch: 'size',
  relay: 'first',
}

/** The change of the first request; undefined if no size is wanted. */
export function sizeChange({ style, size, sizeParam }: PaginatePlan, request: FirstRequest): PageChange | undefined {
  const name = sizeParam ?? SIZE_PARAMS[style]
  if (size === undefined || name === undefined) return undefined
  return setField(request, style === 'relay' ? `variables.${name}` : name, size)
}
