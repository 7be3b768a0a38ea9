/** Rows that no run here sees, each with its reason. */
import type { Absence } from '../support/hostile/page.ts'

const soon = (first: number, last: number): Absence[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ row: first + index, name: 'not played yet', why: '–' }))

export const ABSENT: readonly Absence[] = [
  ...soon(113, 113),
  { row: 122, name: 'a worker that stalls, Redis that fails', why: 'distributed work is not a part of this version' },
]
