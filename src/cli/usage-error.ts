/** The command cannot be carried out, and nothing has been sent. The message is for people; the exit code is 2 or 74. */
import { printable } from '../core/printable.ts'
import { sayProblem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'

export class UsageError extends Error {
  static {
    this.prototype.name = 'UsageError'
  }
  readonly exitCode: 2 | 74

  /** @param problems one line each */
  constructor(problems: Problem | readonly Problem[], exitCode: 2 | 74 = 2) {
    super(
      [problems]
        .flat()
        .map(problem => printable(sayProblem(problem)))
        .join('\n'),
    )
    this.exitCode = exitCode
  }
}
