/** SQLite in a process of its own: Node's warning, and a process that is killed. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshFolder, runProgram } from './outcomes.ts'
import { rowsOf } from './rows-of.ts'

describe('sqlite', () => {
  it("suppresses Node's warning that SQLite is experimental, and no other warning", async () => {
    // Some versions of Node print the warning by themselves; this one is made to.
    const program = `
      const { getBuiltinModule } = process
      process.getBuiltinModule = name => {
        process.emitWarning('SQLite is young', 'ExperimentalWarning')
        return getBuiltinModule(name)
      }
      const before = process.emitWarning
      await sqlite('results.db').close()
      console.log(process.emitWarning === before)
    `
    expect(await runProgram(program, '$NODE', freshFolder())).toEqual({ status: 0, stdout: 'true\n', stderr: '' })
  })

  it('keeps what it has counted when the process is killed', async () => {
    const dir = freshFolder()
    const program = `
      const sink = sqlite('results.db')
      for (let index = 0; ; index += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, more) => sink.write(outcome(index + more, 'x'))))
        if (index === 50) {
          void sink.write(outcome(9_999, 'x'))
          process.kill(process.pid, 'SIGKILL')
        }
      }
    `
    const { status } = await runProgram(program, 'exec $NODE', dir)
    expect(status).toBe('SIGKILL')
    expect(rowsOf(join(dir, 'results.db'))).toHaveLength(60)
  })
})
