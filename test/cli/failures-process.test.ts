/**
 * As a new user: a run fails, and the commands that it prints lead to the causes and to the repeat of only the right rows.
 * The commands are copied from what the run printed, into a shell.
 */
import { expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Finished } from './sandbox.ts'
import type { Workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

/** The command below the line that says what it is for. */
function nextCommand(stderr: string, purpose: RegExp): string {
  const lines = stderr.split('\n')
  const at = lines.findIndex(line => line.startsWith('next, ') && purpose.test(line))
  expect(at, stderr).toBeGreaterThanOrEqual(0)
  return lines[at + 1]?.trim() ?? ''
}

function inShell({ shell }: Workplace, command: string): Promise<Finished> {
  const { child, finished } = shell(command)
  child.stdin.end()
  return finished
}

test('three commands that the run printed lead to the causes and send only the right rows again', async () => {
  let isMended = false
  const respond: Respond = ({ url }, response) => {
    const id = Number(/\d+/.exec(url)?.[0])
    if (id % 10 === 3) response.writeHead(404).end(`{"error":{"message":"no such person: ${id}"}}`)
    else if (isMended || id % 10 < 5) response.end(`{"id":${id}}`)
    else if (id % 10 === 5) response.writeHead(500).end('<html><title>Out of order</title>')
    else if (id % 10 === 6) response.writeHead(503, { 'content-type': 'text/plain' }).end('\u001B[31mdown\n')
    // The others never get an answer.
  }
  const place = await workplace(respond)
  const { server, write, linesIn } = place
  write('people.csv', `id\n${Array.from({ length: 36 }, (_, n) => `${n}\n`).join('')}`)
  const first = await inShell(
    place,
    `preq 'URL/people/{id}' -i people.csv -o "my run.jsonl" --retries 0 --timeout 3s -c 40 -H 'accept: text/*'`,
  )
  expect(first.code).toBe(1)
  expect(first.stderr).toMatch(
    /^9 × timeout\/headers from 127\.0\.0\.1:\d+\n {2}such as people\.csv:9: GET \S+\/people\/7: /,
  )
  expect(first.stderr).toMatch(
    /^4 × http\/404 from .*\n {2}such as people\.csv:5: GET .*\n {2}the server said: no such person: 3$/m,
  )
  expect(first.stderr).toMatch(/^ {2}the server said: Out of order$/m)
  expect(first.stderr).toMatch(/^ {2}the server said: \\u001b\[31mdown$/m)
  expect(first.stderr).not.toContain('\u001B')
  const sent = server.requests.length

  // One: the cause of each, and nothing is sent.
  const causes = await inShell(place, nextCommand(first.stderr, /every failure/))
  expect(causes.stderr.match(/no such person: \d+/g)).toEqual([3, 13, 23, 33].map(id => `no such person: ${id}`))
  expect(server.requests).toHaveLength(sent)

  // Two: what may pass now.
  isMended = true
  const passed = await inShell(place, nextCommand(first.stderr, /again \(5xx\)/))
  expect(passed.code).toBe(1)
  const again = server.requests.slice(sent).map(({ url }) => Number(/\d+/.exec(url)?.[0]))
  expect(again.toSorted((a, b) => a - b)).toEqual([5, 6, 15, 16, 25, 26, 35])

  // Three: what was too slow, with more time.
  const slow = await inShell(place, nextCommand(passed.stderr, /with more time/))
  expect(server.requests.slice(sent + 7).map(({ url }) => Number(url.slice(-1)) > 6)).toEqual(
    Array.from({ length: 9 }, () => true),
  )
  expect(slow.stderr).toMatch(/^32 ok, 4 failed \(27 of these restored from the run file\)/m)

  // What is left are the people that do not exist, which may count as an answer.
  const whole = await inShell(place, nextCommand(slow.stderr, /that status accepted as ok \(404\)/))
  expect([whole.code, whole.stderr]).toEqual([0, expect.stringMatching(/^36 ok, 0 failed /m)])
  expect(
    new Set(
      linesIn('my run.jsonl')
        .filter(({ ok }) => ok)
        .map(({ index }) => index),
    ).size,
  ).toBe(36)
  expect(server.requests).toHaveLength(sent + 7 + 9 + 4)
})

test('a host that asks for a long pause: what failed and what was not sent goes after it, by the printed commands', async () => {
  let isBusy = true
  const place = await workplace(({ url }, response) => {
    response
      .writeHead(isBusy ? 429 : 200, isBusy ? { 'retry-after': '900' } : {})
      .end(JSON.stringify({ url, detail: 'quota' }))
  })
  const { server } = place
  const first = await inShell(place, 'preq URL/{1..5} -c 1 -o run.jsonl')
  expect(first.stderr).toContain('  the server said: quota\n')
  expect(server.requests).toHaveLength(1)
  isBusy = false
  const rest = await inShell(place, nextCommand(first.stderr, /send the 4 that were not sent/))
  expect(rest.stderr).toMatch(/^4 ok, 1 failed/m)
  const whole = await inShell(place, nextCommand(rest.stderr, /with a longer wait/))
  expect([whole.code, server.requests.length]).toEqual([0, 6])
})

test('a run that was stopped early names the report of its file, because a resumed run would send the rest', async () => {
  const place = await workplace((_echo, response) => void response.writeHead(404).end('{"error":"nobody"}'))
  const stopped = await inShell(place, 'preq URL/{1..500} -c 2 --max-failures 4 -o run.jsonl')
  const command = nextCommand(stopped.stderr, /what failed and why; nothing is sent/)
  expect(command).toBe('preq report run.jsonl')
  const sent = place.server.requests.length
  const { code, stdout } = await inShell(place, command)
  expect([code, place.server.requests.length]).toEqual([0, sent])
  expect(stdout).toContain('nobody')
})
