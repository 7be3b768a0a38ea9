/**
 * The phases of a run and of its input, each with the one function that changes it.
 *
 * A run that has not been started remembers a stop or an abort. An abort replaces a stop, and never the reverse.
 */

export type Order =
  | { readonly kind: 'stop'; readonly why: string }
  | { readonly kind: 'abort'; readonly why: string; readonly reason: unknown }

export interface Aborted {
  readonly reason: unknown
}

export type RunPhase =
  | { readonly kind: 'new'; readonly order: Order | undefined }
  | { readonly kind: 'running'; readonly detach: () => void }
  /** Pulls no more. Requests in flight finish or are abandoned. */
  | { readonly kind: 'halting'; readonly detach: () => void; readonly aborted: Aborted | undefined }
  | { readonly kind: 'ended'; readonly isHalted: boolean; readonly aborted: Aborted | undefined }

export type PhaseEvent =
  | Order
  /** `detach` removes the listeners that the start has registered. */
  | { readonly kind: 'start'; readonly detach: () => void }
  | { readonly kind: 'end' }

export const NEW_RUN: RunPhase = { kind: 'new', order: undefined }

export function nextPhase(phase: RunPhase, event: PhaseEvent): RunPhase {
  switch (phase.kind) {
    case 'new':
      if (event.kind === 'start') return { kind: 'running', detach: event.detach }
      if (event.kind === 'end') return phase
      return event.kind === 'abort' || phase.order === undefined ? { kind: 'new', order: event } : phase
    case 'running':
    case 'halting': {
      const isHalted = phase.kind === 'halting'
      const before = isHalted ? phase.aborted : undefined
      if (event.kind === 'start') return phase
      if (event.kind === 'end') return { kind: 'ended', isHalted, aborted: before }
      // The reason of the first abort is kept.
      const aborted = before ?? (event.kind === 'abort' ? { reason: event.reason } : undefined)
      return { kind: 'halting', detach: phase.detach, aborted }
    }
    case 'ended':
      return phase
  }
}

/** `error`: why the input failed. */
export type InputState =
  | { readonly kind: 'idle' | 'pumping' | 'waiting'; readonly error?: undefined }
  | { readonly kind: 'over'; readonly error: unknown }

/**
 * `pump`: items are pulled in a loop. `wait`: the next item comes later. `rest`: the loop has ended or the item has
 * arrived. `close`: no more pulls, because the input is exhausted, has failed, or the run was halted.
 */
export type InputEvent = 'pump' | 'wait' | 'rest' | 'close' | { readonly error: unknown }

export const IDLE_INPUT: InputState = { kind: 'idle' }
const PUMPING: InputState = { kind: 'pumping' }
const WAITING: InputState = { kind: 'waiting' }
const CLOSED_INPUT: InputState = { kind: 'over', error: undefined }

/** An input that is over stays over. An input that waits for an item during a loop still waits when the loop ends. */
export function nextInput(input: InputState, event: InputEvent): InputState {
  if (input.kind === 'over') return input
  if (typeof event === 'object') return { kind: 'over', error: event.error }
  switch (event) {
    case 'pump':
      return PUMPING
    case 'wait':
      return WAITING
    case 'rest':
      return IDLE_INPUT
    case 'close':
      return CLOSED_INPUT
  }
}
