/** What was asked for cannot be done, and nothing has been sent. Its message is for people; the exit code is 2 or 74. */
export class UsageError extends Error {
  static {
    this.prototype.name = 'UsageError'
  }
  readonly exitCode: 2 | 74

  constructor(problems: string | readonly string[], exitCode: 2 | 74 = 2) {
    super(typeof problems === 'string' ? problems : problems.join('\n'))
    this.exitCode = exitCode
  }
}
