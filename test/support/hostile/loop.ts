/**
 * Watches this thread's event loop: for how long one turn of it was held, and how long the thread merely waited for a
 * processor that others had. Only the second is forgiven: what blocks the loop is a fault, however busy the machine is.
 */
import { readFileSync } from 'node:fs'

const TICK_MS = 10

export interface LoopWatch {
  /** Milliseconds in which the thread was to run and did not: it waited for a processor, or for a disk. */
  starvedMs(): number
  /** The longest that it computed, and the longest that it slept, in one turn. */
  held(): Held
  stop(): void
}

export interface Held {
  readonly busyMs: number
  readonly asleepMs: number
}

interface Spent {
  readonly busyMs: number
  readonly queuedMs: number
}

/** What this thread has computed, and has waited for a processor: the kernel counts both (proc(5), schedstat). */
function counted(): Spent | undefined {
  try {
    const [busyNs, queuedNs] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')
    return { busyMs: Number(busyNs) / 1e6, queuedMs: Number(queuedNs) / 1e6 }
  } catch {
    return undefined
  }
}

/** Where the kernel does not count: whenever the process did not compute it waited. Sleep is not found out then. */
function guessed(): Spent {
  const { user, system } = process.cpuUsage()
  const busyMs = (user + system) / 1_000
  return { busyMs, queuedMs: performance.now() - busyMs }
}

const spent = counted() === undefined ? guessed : (): Spent => counted() ?? guessed()

export function watchLoop(): LoopWatch {
  let starvedMs = 0
  let held: Held = { busyMs: 0, asleepMs: 0 }
  let lastMs = performance.now()
  let last = spent()
  const tick = (): void => {
    const nowMs = performance.now()
    const now = spent()
    const lateMs = Math.max(0, nowMs - lastMs - TICK_MS)
    const queuedMs = Math.min(lateMs, Math.max(0, now.queuedMs - last.queuedMs))
    const busyMs = Math.min(lateMs - queuedMs, now.busyMs - last.busyMs)
    const asleepMs = lateMs - queuedMs - busyMs
    starvedMs += queuedMs + asleepMs
    held = { busyMs: Math.max(held.busyMs, busyMs), asleepMs: Math.max(held.asleepMs, asleepMs) }
    lastMs = nowMs
    last = now
  }
  const timer = setInterval(tick, TICK_MS)
  return {
    starvedMs() {
      tick()
      return starvedMs
    },
    held() {
      tick()
      return held
    },
    stop: () => clearInterval(timer),
  }
}
