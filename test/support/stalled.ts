/**
 * Prints which tests are still running when none has ended for a long time. A test that never yields the thread
 * prevents its own timeout and the end of the run, and nothing else would report it.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const QUIET_MS = 120_000

export default class Stalled implements Reporter {
  readonly #modules = new Set<TestModule>()
  /** As far as the reporter knows: a blocked thread does not report the test that it started last. */
  readonly #tests = new Set<TestCase>()
  #timer: NodeJS.Timeout | undefined

  onTestRunStart(): void {
    this.#timer = setInterval(() => this.#tell(), QUIET_MS)
  }

  onTestModuleQueued(module: TestModule): void {
    this.#modules.add(module)
  }

  onTestModuleEnd(module: TestModule): void {
    this.#modules.delete(module)
  }

  onTestCaseReady(test: TestCase): void {
    this.#tests.add(test)
    this.#timer?.refresh()
  }

  onTestCaseResult(test: TestCase): void {
    this.#tests.delete(test)
    this.#timer?.refresh()
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer)
  }

  #tell(): void {
    const modules = [...this.#modules].map(module => module.relativeModuleId)
    const tests = [...this.#tests].map(test => test.fullName)
    console.error(`No test has ended for ${QUIET_MS / 1_000} s, in ${modules.join(', ')} ${tests.join('; ')}`)
  }
}
