/** `preq plan --resume` after a run that was killed. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('preq plan --resume', () => {
  test('identifies requests by body and key as a run does, and counts a write in doubt', async () => {
    const { run, start, server, write } = await workplace((echo, response) => {
      if (!echo.body.includes('hang')) response.end('{}')
    })
    write('rows.csv', 'id\na\nb\nhang\n')
    const args = ['URL/x', '-i', 'rows.csv', '--json', '{"id":"{id}"}', '--key', 'id', '-o', 'r.jsonl', '--resume']
    const running = start([...args, '-c', '1'])
    await expect.poll(() => server.requests.length).toBe(3)
    running.child.kill('SIGKILL')
    await running.finished
    const { stdout } = await run(['plan', ...args])
    expect(stdout).toMatch(
      /^0 requests, .*\ndone already: 2, 1 in doubt \(--unknown-writes resend sends them again\)$/m,
    )
    const resent = await run(['plan', ...args, '--unknown-writes', 'resend'])
    expect(resent.stdout).toMatch(/^1 requests \(1 POST\), .*\ndone already: 2$/m)
  })
})
