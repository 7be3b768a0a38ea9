/** Counts the turns of the event loop, as far as somebody asks. */
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

/** The number of the present turn. It ends when what has arrived at the sockets so far has been read. */
export function currentTurn(): number {
  schedule()
  return turn
}

/** Calls back once all sockets have been read. */
export function atEndOfTurn(callback: () => void): void {
  schedule()
  callbacks.push(callback)
}
