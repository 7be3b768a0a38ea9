/**
 * Says which tests are still running when nothing has ended for long: one that never gives the thread back keeps its own
 * timeout from striking, and the run from ending, without a word.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const QUIET_MS = 120_000

export default class Stalled implements Reporter {
  readonly #modules = new Set<TestModule>()
  /** As far as was heard: a thread that is not given back tells nothing of what it began last. */
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
