/**
 * Watches the event loop of this thread: how long one turn took, and how long the thread waited for a processor that
 * other processes used. Only the second is excused, because blocking the loop is a fault however busy the machine is.
 */
import { readFileSync } from 'node:fs'

const TICK_MS = 10

export interface LoopWatch {
  /** Milliseconds in which the thread was ready but did not run, because it waited for a processor or a disk. */
  starvedMs(): number
  /** The longest computation and the longest sleep in one turn. */
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

/**
 * The time that this thread has computed, and has waited for a processor, as counted by the kernel (proc(5),
 * schedstat).
 */
function counted(): Spent | undefined {
  try {
    const [busyNs, queuedNs] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')
    return { busyMs: Number(busyNs) / 1e6, queuedMs: Number(queuedNs) / 1e6 }
  } catch {
    return undefined
  }
}

/** For a kernel that does not count: all time without computation is taken for waiting. Sleep is then not detected. */
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
