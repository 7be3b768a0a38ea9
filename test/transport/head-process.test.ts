/** `maxHeaderBytes` beside a flag of Node. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const PLAN = new URL('../../src/config/client-plan.ts', import.meta.url).href

describe('maxHeaderBytes', () => {
  it("is at least Node's own --max-http-header-size", async () => {
    const script = `import { planClient } from ${JSON.stringify(PLAN)}; console.log(planClient({}).connection.maxHeaderBytes)`
    const run = (args: readonly string[]) =>
      promisify(execFile)(process.execPath, [...args, '--input-type=module', '-e', script])
    expect((await run([])).stdout.trim()).toBe('65536')
    expect((await run(['--max-http-header-size=100000'])).stdout.trim()).toBe('100000')
  })
})
