/** Rows that no run here can play, each with its reason. */
import type { Absence } from '../support/hostile/page.ts'

export const ABSENT: readonly Absence[] = [
  { row: 122, name: 'a worker that stalls, Redis that fails', why: 'distributed work is not a part of this version' },
]
