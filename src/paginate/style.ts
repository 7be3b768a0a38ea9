/** What every style of pagination is made from, and how it is written. */
import type { PageChange, PageStep, PageView, PaginatePlan, Paginator } from '../core/pagination.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Words } from '../core/words.ts'
import type { Finder } from './paths.ts'

export interface StylePlan {
  readonly plan: PaginatePlan
  readonly next: Finder | undefined
  readonly total: Finder | undefined
  /** Whether the caller has said where the items of a page are. */
  readonly hasItems: boolean
}

/** The state of one root: the function decides what follows each of its pages. */
export type After = Paginator['after']

export type Style = (plan: StylePlan) => After

export const END: PageStep = { kind: 'end' }

export const next = (change: PageChange): PageStep => ({ kind: 'next', change })

/** A page has arrived and nothing can follow it. `detail` is the second half of the code. */
export const refuse = (detail: string, message: Words): Fault => fault(`follow/${detail}`, message, { sent: true })

export type { PageStep, PageView, PageChange }
