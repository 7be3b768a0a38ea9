/** Flags for jobs, with a server that carries some out. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { jobServer } from '../support/job-server.ts'
import { withoutDone } from '../support/resumed.ts'

const REPLICATE = ['--poll-status', 'status', '--poll-url', 'urls.get', '--poll-result', 'output']

describe('A job', () => {
  test('is followed with --poll to the URL in the headers', async () => {
    await using server = await jobServer({ looks: 1 })
    const { run } = await workplace()
    const { lines } = await run([`${server.origin}/location/7`, '-X', 'POST', '--poll', '--poll-interval', '1ms', '-q'])
    expect(lines).toMatchObject([{ ok: true, value: { result: '7' }, attempts: 4 }])
    expect(lines[0]).toHaveProperty('timings.polling')
  })

  test('is followed as --poll-status, --poll-url and --poll-result say', async () => {
    await using server = await jobServer()
    const { run } = await workplace()
    const rows = ['id,name', '1,a', '2,b'].join('\n')
    const args = ['-i', '-', '--format', 'csv', `${server.origin}/replicate/{id}`, '--json', '{"name": "{name}"}']
    const { lines } = await run([...args, ...REPLICATE, '--poll-interval', '1ms', '-q'], { stdin: rows })
    expect(lines.map(line => line['value'])).toEqual(expect.arrayContaining([{ result: '1' }, { result: '2' }]))
    expect(server.started).toEqual(
      new Map([
        ['1', 1],
        ['2', 1],
      ]),
    )
  })

  test('is done and has failed as --poll-done and --poll-failed say', async () => {
    await using server = await jobServer({ looks: 1 })
    const { run } = await workplace()
    const args = [
      `${server.origin}/replicate/7`,
      '-X',
      'POST',
      ...REPLICATE.slice(0, 4),
      '--poll-interval',
      '1ms',
      '-q',
    ]
    expect((await run([...args, '--poll-done', 'over, Processing'])).lines).toMatchObject([{ ok: true }])
    const { code, lines, stderr } = await run([...args, '--poll-failed', 'processing,starting'])
    expect(lines).toMatchObject([{ ok: false, error: { code: 'poll/failed' } }])
    expect(code).toBe(1)
    expect(stderr).toContain('the job has failed: its status is "starting" (poll/failed)')
  })

  test('may take as long as --poll-deadline says', async () => {
    await using server = await jobServer({ looks: Infinity })
    const { run } = await workplace()
    const { lines } = await run([
      `${server.origin}/plain/7`,
      '--poll-interval',
      '10ms',
      '--poll-deadline',
      '100ms',
      '-q',
    ])
    expect(lines).toMatchObject([{ ok: false, error: { code: 'timeout/poll' } }])
  })

  test('that failed is explained with what the server said', async () => {
    await using server = await jobServer({ failing: ['7'] })
    const { run } = await workplace()
    const { stderr } = await run([`${server.origin}/azure/7`, '-X', 'POST', '--poll', '--poll-interval', '1ms'])
    expect(stderr).toMatch(/poll\/failed/)
    expect(stderr).toContain('no such model')
  })

  test('needs a status to be compared', async () => {
    const { run } = await workplace()
    const { code, stderr } = await run(['URL/a', '--poll-done', 'done'])
    expect(code).toBe(2)
    expect(stderr).toContain('--poll-done: expected --poll-status beside it, got none.')
  })

  test('has paths that are checked before anything is sent', async () => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', '--poll-status', 'job-state', '--poll-url', 'urls.['])
    expect(code).toBe(2)
    expect(stderr).toContain('--poll-status: expected a name with a hyphen in quotes, got job-state.')
    expect(stderr).toContain("--poll-url: expected a path of JMESPath, got 'urls.['")
    expect(server.requests).toHaveLength(0)
  })

  test('that a killed run has left is counted by preq plan, and followed by the next run', async () => {
    await using server = await jobServer()
    const { run, text, write } = await workplace()
    const args = [
      `${server.origin}/azure/{1..3}`,
      '-X',
      'POST',
      '--poll',
      '--poll-interval',
      '1ms',
      '-o',
      'r.jsonl',
      '--resume',
    ]
    await run([...args, '-q'])
    write('r.jsonl', withoutDone(text('r.jsonl'), 1))
    const { stdout } = await run(['plan', ...args])
    expect(stdout).toMatch(/^0 requests, .*\ndone already: 2, 1 job is followed further, without starting it again/m)
    expect((await run(args)).stderr).toMatch(/^3 ok, 0 failed \(2 of these restored/m)
    expect([...server.started.values()]).toEqual([1, 1, 1])
  })

  test('saves its result, and nothing before it, with --save', async () => {
    await using server = await jobServer()
    const { run, text } = await workplace()
    const args = [`${server.origin}/replicate/7`, '-X', 'POST', ...REPLICATE, '--poll-interval', '1ms', '--save', 'out']
    const { lines } = await run([...args, '-q'])
    expect(lines).toMatchObject([{ ok: true, value: { bytes: 14 } }])
    expect(text('out/7')).toBe('{"result":"7"}')
  })

  test('is not sent by preq plan', async () => {
    await using server = await jobServer()
    const { run } = await workplace()
    const { stdout, code } = await run(['plan', `${server.origin}/azure/7`, '-X', 'POST', '--poll'])
    expect([code, server.asked.length]).toEqual([0, 0])
    expect(stdout).toContain('POST')
  })
})
