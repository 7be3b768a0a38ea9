/**
 * A Result as it crosses a thread. Bodies are moved without a copy if possible, foreign errors arrive as errors with
 * their name, code and causes, and a value thrown on the calling thread comes back as itself.
 */
import type { Fault, Reply, Result } from '../../core/result.ts'
import { isFault } from '../../core/result.ts'
import { hide } from '../../core/error.ts'

export type SentResult = Reply | SentFault

export interface SentFault extends Omit<Fault, 'cause'> {
  readonly cause?: SentCause
}

type SentCause =
  | { readonly as: 'kept'; readonly number: number }
  | { readonly as: 'fault'; readonly fault: SentFault }
  | { readonly as: 'error'; readonly error: SentError }
  | { readonly as: 'value'; readonly value: unknown }

interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** `code`, `errno`, `syscall` and the like. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause?: SentCause
  readonly errors?: readonly SentCause[]
}

/** In the worker: stands for a thrown value or a Fault that is kept on the calling thread. */
export class KeptError extends Error {
  readonly number: number

  constructor(message: string, number: number) {
    super(message)
    this.number = number
  }
}

/** On the calling thread: a Fault among the kept values. */
export class KeptFault {
  readonly fault: Fault

  constructor(fault: Fault) {
    this.fault = fault
  }
}

export interface Packed {
  readonly sent: SentResult
  /** Buffers that are transferred, and detached on this thread afterwards. */
  readonly moved: readonly ArrayBuffer[]
}

/** `last`: this thread does not need the body any more. */
export function packResult(result: Result, last: boolean): Packed {
  const bodies = new Map<Uint8Array, Uint8Array<ArrayBuffer>>()
  const sent = result.kind === 'reply' ? packReply(result, last, bodies) : packFault(result, last, bodies)
  return { sent, moved: [...bodies.values()].map(body => body.buffer) }
}

type Bodies = Map<Uint8Array, Uint8Array<ArrayBuffer>>

function packReply(reply: Reply, last: boolean, bodies: Bodies): Reply {
  let body = bodies.get(reply.body)
  if (body === undefined) bodies.set(reply.body, (body = movable(reply.body, last)))
  return { ...reply, body }
}

/** The bytes in a buffer that holds nothing else: a transferred buffer would take its other bytes along. */
function movable(body: Uint8Array, last: boolean): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = body
  // The empty array of a body that went elsewhere is shared, so it must not be transferred.
  if (byteLength === 0) return new Uint8Array()
  const isWhole = byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
  return last && isWhole ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(body)
}

function packFault(given: Fault, last: boolean, bodies: Bodies): SentFault {
  const { cause, reply, begun, ...plain } = given
  return {
    ...plain,
    ...(reply && { reply: packReply(reply, last, bodies) }),
    ...(begun && { begun: packReply(begun, last, bodies) }),
    ...(cause !== undefined && { cause: packCause(cause, last, bodies, 0) }),
  }
}

const MAX_CAUSES = 5

function packCause(cause: unknown, last: boolean, bodies: Bodies, depth: number): SentCause {
  if (cause instanceof KeptError) return { as: 'kept', number: cause.number }
  if (isFault(cause)) return { as: 'fault', fault: packFault(cause, last, bodies) }
  if (!(cause instanceof Error)) return { as: 'value', value: clonable(cause) ? cause : String(cause) }
  const { name, message, stack } = cause
  const fields: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(cause))
    if (!OWN_PARTS.has(field) && clonable(value)) fields[field] = value
  const more = depth < MAX_CAUSES
  const errors = more && 'errors' in cause && Array.isArray(cause.errors) ? (cause.errors as unknown[]) : undefined
  return {
    as: 'error',
    error: {
      name,
      message,
      stack,
      fields,
      ...(more && cause.cause !== undefined && { cause: packCause(cause.cause, last, bodies, depth + 1) }),
      ...(errors && { errors: errors.map(error => packCause(error, last, bodies, depth + 1)) }),
    },
  }
}

const OWN_PARTS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors'])

function clonable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

/** Sent form → Result. `kept`: the values that stayed on this thread. */
export function unpackResult(sent: SentResult, kept: readonly unknown[]): Result {
  return sent.kind === 'reply' ? sent : unpackFault(sent, kept)
}

export function unpackFault(sent: SentFault, kept: readonly unknown[]): Fault {
  const { cause, ...plain } = sent
  if (cause === undefined) return plain
  if (cause.as === 'kept') {
    const own = kept[cause.number]
    // A Fault that was made on this thread is complete; the worker may have changed only its `sent`.
    return own instanceof KeptFault ? { ...own.fault, sent: plain.sent } : { ...plain, cause: own }
  }
  return { ...plain, cause: unpackCause(cause, kept) }
}

function unpackCause(cause: SentCause, kept: readonly unknown[]): unknown {
  switch (cause.as) {
    case 'kept':
      return kept[cause.number]
    case 'fault':
      return unpackFault(cause.fault, kept)
    case 'error':
      return unpackError(cause.error, kept)
    case 'value':
      return cause.value
  }
}

const CLASSES = new Map<string, new (message: string) => Error>(
  [TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError].map(Class => [Class.name, Class]),
)

function unpackError({ name, message, stack, fields, cause, errors }: SentError, kept: readonly unknown[]): Error {
  const error =
    errors === undefined
      ? new (CLASSES.get(name) ?? Error)(message)
      : new AggregateError(
          errors.map(one => unpackCause(one, kept)),
          message,
        )
  Object.assign(error, fields)
  hide(error, 'stack', stack)
  if (error.name !== name) hide(error, 'name', name)
  if (cause !== undefined) hide(error, 'cause', unpackCause(cause, kept))
  return error
}
