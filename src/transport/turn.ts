/** Numbers the turns of the event loop. A turn is counted only if a function of this module was called in it. */
import { setImmediate } from 'node:timers'

let turn = 0
let isPending = false
let callbacks: (() => void)[] = []

function next(): void {
  turn++
  isPending = false
  const due = callbacks
  callbacks = []
  for (const callback of due) callback()
}

function schedule(): void {
  if (isPending) return
  isPending = true
  setImmediate(next)
}

/** The number of the current turn. The turn ends after everything that has arrived at the sockets was read. */
export function currentTurn(): number {
  schedule()
  return turn
}

/** For a callback of `atEndOfTurn`: the number of the turn that ends with it. */
export function endingTurn(): number {
  return turn - 1
}

/** Calls back once all sockets have been read. */
export function atEndOfTurn(callback: () => void): void {
  schedule()
  callbacks.push(callback)
}
