/** The beginning of a body that failed, or of which no more is needed: decoded as far as it goes. */
import { MAX_CODINGS, tooManyCodings } from './codings.ts'
import type { CodingProblem } from './codings.ts'
import { NO_BYTES } from './pieces.ts'
import { Undecodable, discard, unpack } from './unpack.ts'
import type { Reply } from '../core/result.ts'

export interface Beginning {
  readonly reply: Reply
  /** Why it could not be decoded to its end. */
  readonly problem?: CodingProblem
}

export interface BeginningPlan {
  readonly codings: readonly string[]
  /** Decoded. */
  readonly maxBytes: number
  readonly lenient: boolean
}

/** @param reply with its body as received */
export async function beginningOf(reply: Reply, plan: BeginningPlan): Promise<Beginning> {
  const { codings, maxBytes, lenient } = plan
  if (reply.body.byteLength === 0) return { reply }
  if (codings.length > MAX_CODINGS) {
    return { reply: { ...reply, body: NO_BYTES, isCut: true }, problem: tooManyCodings(codings.length) }
  }
  const pieces: Uint8Array[] = []
  const warnings: string[] = []
  const packed = [reply.body].values()
  let bytes = 0
  let problem: CodingProblem | undefined
  try {
    const warn = (warning: string): unknown => warnings.push(warning)
    for await (const piece of unpack(asynchronously(packed), { codings, lenient, warn, maxBytes: Infinity })) {
      pieces.push(Buffer.from(piece.subarray(0, maxBytes - bytes)))
      bytes += piece.byteLength
      discard(piece)
      if (bytes > maxBytes) break
    }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    problem = error.problem
  }
  const isCut = reply.isCut === true || problem !== undefined || bytes > maxBytes
  return {
    reply: {
      ...reply,
      body: Buffer.concat(pieces),
      ...(isCut && { isCut }),
      ...(warnings.length > 0 && { warnings }),
    },
    ...(problem && { problem }),
  }
}

async function* asynchronously(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield* pieces
}
