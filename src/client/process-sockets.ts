/** The one socket budget of this thread, for all of its clients. */
import { SocketBudget } from '../policy/socket-budget.ts'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers'

/** Where the limit is not known: enough for any batch, few enough for most systems. */
const UNKNOWN = 4_096
/** Files, pipes and what else a process has open besides sockets. */
const OTHERS = 48

let socketBudget: SocketBudget | undefined

export function processSockets(): SocketBudget {
  return (socketBudget ??= new SocketBudget(socketsFor(maxOpenFiles()), setImmediate))
}

/** Half of what may be open, or less where too little would be left for others; a quarter in any case. */
export function socketsFor(openFilesAtMost: number | undefined): number {
  if (openFilesAtMost === undefined) return UNKNOWN
  const spare = Math.min(Math.floor(openFilesAtMost / 2), openFilesAtMost - OTHERS)
  return Math.max(1, Math.floor(openFilesAtMost / 4), spare)
}

/** The limit of open files, which Node has raised as far as it may; undefined where it is not told. */
function maxOpenFiles(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
