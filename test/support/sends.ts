/** Layers use callbacks; tests are easier to read with promises. */
import { awaited, resultOf } from '../../src/core/awaited.ts'
import type { Send } from '../../src/core/layer.ts'
import type { Result } from '../../src/core/result.ts'

/** A Send as a function that returns a promise. */
export const promised =
  <In>(send: Send<In>) =>
  (input: In): Promise<Result> =>
    resultOf(send, input)

/** A Send that passes on what the function returns. */
export const sending =
  <In>(answer: (input: In) => Promise<Result>): Send<In> =>
  (input, done) =>
    awaited(answer(input), done)
