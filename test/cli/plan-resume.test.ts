/** `preq plan` with a run file, and how `preq plan` and `preq doctor` report settings that no flag gave. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const respond: import('../support/echo-server.ts').Respond = ({ url }, response) =>
  void response.writeHead(url.includes('fail') ? 404 : 200).end('{}')

describe('preq plan --resume', () => {
  test('reports the requests that are done and counts the ones that are left', async () => {
    const { run, server, text } = await workplace(respond)
    const args = ['-o', 'r.jsonl', '--resume']
    const urls = ['URL/fail', 'URL/{1..9}', 'URL/{10..14}']
    expect((await run(['plan', ...urls, ...args])).stdout).toMatch(/^15 requests \(15 GET\)/)
    await run([...urls.slice(0, 2), ...args])
    const before = text('r.jsonl')
    const { code, stdout } = await run(['plan', ...urls, ...args, '--rate', '1/s'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^5 requests \(5 GET\), 0 duplicates, 0 invalid$/m)
    expect(stdout).toMatch(/^done already: 10, 1 of them failed \(--retry-failed sends them again\)$/m)
    expect(stdout).toContain('at least 4s')
    expect(stdout).toMatch(/^ {2}curl \S+\/10$/m)
    const again = await run(['plan', ...urls, ...args, '--retry-failed'])
    expect(again.stdout).toMatch(/^6 requests .*\ndone already: 9$/m)
    expect((await run(['plan', ...urls, '-o', 'r.jsonl'])).stdout).toMatch(/^15 requests/)
    // The plan sent nothing, and the run does what the plan reported.
    expect([text('r.jsonl'), server.requests.length]).toEqual([before, 10])
    await run([...urls, ...args])
    expect(server.requests).toHaveLength(15)
    expect((await run(['plan', ...urls, ...args])).stdout).toMatch(/^0 requests, .*\ndone already: 15, /m)
  })

  test('and the summary of the run count the rows that a keyed input no longer has', async () => {
    const { run, server, write } = await workplace(respond)
    const args = ['URL/{id}', '-i', 'rows.csv', '--key', 'id', '-o', 'r.jsonl', '--resume']
    write('rows.csv', 'id\n1\n2\n3\n4\n')
    expect((await run(args)).stderr).not.toContain('any more')
    write('rows.csv', 'id\n4\n2\n')
    const { stdout } = await run(['plan', ...args])
    expect(stdout).toMatch(/^done already: 2, 2 not in the input any more \(their lines stay\)$/m)
    expect((await run(args)).stderr).toMatch(
      /^2 ok, 0 failed \(2 of these restored from the run file\), 2 of the run file not in the input any more in /m,
    )
    const { stderr } = await run([...args, '--json-progress'])
    expect(stderr).toContain('"gone":2')
    // An input that was cut off on purpose says nothing of the rest.
    const cut = [...args, '--limit', '1']
    expect((await run(['plan', ...cut])).stdout).not.toContain('any more')
    expect((await run(cut)).stderr).not.toContain('any more')
    expect(server.requests).toHaveLength(4)
  })

  test('counts a write in doubt as one that is not sent again, as a run does', async () => {
    const { run, server, write } = await workplace((echo, response) => {
      if (echo.body.includes('cut')) response.socket?.destroy()
      else response.end('{}')
    })
    write('rows.csv', 'id\na\ncut\n')
    const args = ['URL/x', '-i', 'rows.csv', '--json', '{"id":"{id}"}', '-o', 'r.jsonl', '--resume']
    await run(args)
    const again = [...args, '--retry-failed']
    const { stdout } = await run(['plan', ...again])
    expect(stdout).toMatch(
      /^0 requests, .*\ndone already: 1, 1 in doubt \(--unknown-writes resend sends them again\)$/m,
    )
    await run(again)
    expect(server.requests).toHaveLength(2)
    const resending = [...again, '--unknown-writes', 'resend']
    expect((await run(['plan', ...resending])).stdout).toMatch(/^1 requests \(1 POST\), .*\ndone already: 1$/m)
    await run(resending)
    expect(server.requests).toHaveLength(3)
  })

  test('refuses a different or shorter input, as a run does', async () => {
    const { run } = await workplace(respond)
    const args = ['-o', 'r.jsonl', '--resume']
    await run(['URL/{1..3}', ...args])
    for (const [urls, why] of [
      ['URL/{2..4}', 'got another one: request 0 was GET http'],
      ['URL/{1..2}', 'had at least 3 requests, got a shorter one'],
    ]) {
      for (const command of [[], ['plan']]) {
        const { code, stdout, stderr } = await run([...command, urls as string, ...args])
        expect([code, stdout]).toEqual([2, ''])
        expect(stderr).toContain('--resume: expected the input that r.jsonl was made from')
        if (command.length > 0) expect(stderr).toContain(why)
      }
    }
    expect((await run(['plan', 'URL/{1..3}', ...args, '--limit', '2'])).stdout).toMatch(/\ndone already: 2\n/)
  })
})

describe('Settings from preq.json and PREQ_ variables', () => {
  test('are named by preq plan and preq doctor, without their values', async () => {
    const { run, write } = await workplace(respond)
    const none = await run(['plan', 'URL/a'])
    expect(none.stdout).not.toContain('settings')
    expect((await run(['doctor'])).stdout).toMatch(/^ok {2}settings +no preq\.json here, no PREQ_ variables$/m)
    write('preq.json', '{"retries": 7}')
    write('mine.json', '{"retries": 7}')
    const env = { PREQ_BEARER: 's3cr3t', PREQ_TIMEOUT: '77s', PREQ_QUIET: '' }
    const { stdout } = await run(['plan', 'URL/a'], { env })
    expect(stdout).toMatch(/^settings besides the flags: preq\.json, PREQ_BEARER, PREQ_TIMEOUT$/m)
    const other = await run(['plan', 'URL/a', '--config', 'mine.json'])
    expect(other.stdout).toMatch(/^settings besides the flags: mine\.json$/m)
    const doctor = await run(['doctor'], { env })
    expect(doctor.stdout).toMatch(/^ok {2}settings +every run here uses preq\.json, PREQ_BEARER, PREQ_TIMEOUT$/m)
    expect(stdout + doctor.stdout).not.toMatch(/s3cr3t|77s/)
  })

  test('are reported by preq doctor if a run would refuse them', async () => {
    const { run, write } = await workplace(respond)
    write('preq.json', '{"rate": "s3cr3t"}')
    const { code, stdout } = await run(['doctor'])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^!! {2}settings .*Fix preq\.json: rate/m)])
    expect(stdout).not.toContain('s3cr3t')
  })
})
