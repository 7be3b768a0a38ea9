/** The one socket budget of this thread, for all of its clients. */
import { SocketBudget } from '../policy/socket-budget.ts'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers'

/** Used if the limit is unknown: enough for any batch, and less than most systems allow. */
const UNKNOWN = 4_096
/** Descriptors of a process that are not sockets: files, pipes and others. */
const OTHERS = 48

let socketBudget: SocketBudget | undefined

export function processSockets(): SocketBudget {
  return (socketBudget ??= new SocketBudget(socketsFor(maxOpenFiles()), setImmediate))
}

/** Half of the limit, or less if that leaves too few descriptors for others; at least a quarter. */
export function socketsFor(openFilesAtMost: number | undefined): number {
  if (openFilesAtMost === undefined) return UNKNOWN
  const spare = Math.min(Math.floor(openFilesAtMost / 2), openFilesAtMost - OTHERS)
  return Math.max(1, Math.floor(openFilesAtMost / 4), spare)
}

/** The limit of open files, which Node has raised as far as it may; undefined if the system does not tell it. */
function maxOpenFiles(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
