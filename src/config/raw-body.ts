/** `body`: bytes, text, a Blob, a stream or a function that makes one of them. */
import type { BodyPlan } from './body.ts'
import { isRecord, kindOf, problem } from './kinds.ts'
import { chunksOnce, isOneShot } from './one-shot.ts'
import { isBlob, isStream } from '../core/body.ts'
import type { Chunks } from '../core/body.ts'
import type { BodyInput } from '../core/spec.ts'
import type { Problem } from '../core/problem.ts'
import { sayProblem } from '../core/problem.ts'

const BODY_KINDS = 'a string, bytes, URLSearchParams, a Blob, FormData, an async iterable or a function that makes one'

/** Recognised by its tag: other libraries have a FormData class of their own. */
export const isFormData = (value: unknown): value is FormData =>
  isRecord(value) && value[Symbol.toStringTag as never] === 'FormData' && Symbol.iterator in value

export function readRaw(given: unknown, problems: Problem[]): BodyPlan | undefined {
  const plain = { contentType: undefined, replayable: true, given }
  if (typeof given === 'string') return { ...plain, body: given, contentType: 'text/plain;charset=UTF-8' }
  if (given instanceof Uint8Array) return { ...plain, body: given }
  if (given instanceof ArrayBuffer) return { ...plain, body: new Uint8Array(given) }
  if (isBlob(given)) return { ...plain, body: given, contentType: given.type === '' ? undefined : given.type }
  if (typeof given === 'function') return { ...plain, body: () => chunksOf((given as () => BodyInput)()) }
  if (isStream(given)) {
    const streams = isOneShot(given) ? [given] : []
    return { ...plain, body: () => chunksOnce(given), replayable: false, streams }
  }
  problems.push(problem('body', BODY_KINDS, kindOf(given), bodyRemedy(given)))
  return undefined
}

function bodyRemedy(body: unknown): string {
  if (ArrayBuffer.isView(body)) return 'Use new Uint8Array(view.buffer, view.byteOffset, view.byteLength).'
  if (isFormData(body)) return 'Give a FormData itself as body or multipart.'
  return isRecord(body) || Array.isArray(body) ? 'Give an object as json, form or multipart.' : 'Turn it into a string.'
}

/** The body that a caller's factory made, as a stream of its chunks. */
export async function* chunksOf(made: unknown): Chunks {
  const given = await made
  if (typeof given === 'function') yield* chunksOf(given())
  else if (isStream(given)) yield* chunksOnce(given)
  else if (isBlob(given)) yield* given.stream()
  else if (given instanceof URLSearchParams) yield given.toString()
  else if (given instanceof ArrayBuffer) yield new Uint8Array(given)
  else if (typeof given === 'string' || given instanceof Uint8Array) yield given
  else
    throw new TypeError(
      sayProblem(problem('body()', BODY_KINDS.replace(' FormData,', ''), kindOf(given), bodyRemedy(given))),
    )
}
