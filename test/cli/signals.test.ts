/** Ctrl-C and SIGTERM while the input is open: `preq` ends although the writer of the input keeps running. */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { sandbox } from './sandbox.ts'

async function opened() {
  const server = await api()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { server, ...sandbox(onTestFinished) }
}

test.each([
  ['SIGINT', 'lines', 130],
  ['SIGTERM', 'lines', 143],
  ['SIGINT', 'csv', 130],
  ['SIGTERM', 'csv', 143],
  ['SIGINT', 'jsonl', 130],
  ['SIGTERM', 'jsonl', 143],
] as const)(
  '%s ends a run whose standard input, %s, stays open, with exit code %d',
  async (signal, format, exitCode) => {
    const { server, startPreq } = await opened()
    const { child, finished } = startPreq(['-i', '-', '--format', format, '-q'])
    const url = `${server.origin}/a`
    child.stdin.write({ lines: `${url}\n`, csv: `url\n${url}\n`, jsonl: `${JSON.stringify({ url })}\n` }[format])
    await once(child.stdout, 'data')
    child.kill(signal)
    const { code, stdout, stderr } = await finished
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([exitCode, 1])
    expect(stderr).not.toContain('    at ')
  },
)

test('SIGTERM ends a run whose input is a pipe that stays open', async () => {
  const { server, folder, startPreq, start } = await opened()
  expect((await start('mkfifo', ['pipe']).finished).code).toBe(0)
  const { child, finished } = startPreq(['-i', 'pipe', '-q'])
  const writer = await open(join(folder, 'pipe'), 'w')
  await writer.write(`${server.origin}/a\n`)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const { code, stdout } = await finished
  await writer.close()
  expect([code, JSON.parse(stdout)]).toEqual([143, expect.objectContaining({ ok: true })])
})

test.skipIf(process.platform === 'win32')('a third Ctrl-C ends a run whose log nobody reads', async () => {
  const { server, folder, startPreq, start } = await opened()
  expect((await start('mkfifo', ['log']).finished).code).toBe(0)
  // Both ends, so that the pipe opens at once and is full after a while.
  const reader = await open(join(folder, 'log'), 'r+')
  const { child, finished } = startPreq(['-i', '-', '-q', '--log', 'log'])
  child.stdin.write(Array.from({ length: 2_000 }, (_, n) => `${server.origin}/a?${n}\n`).join(''))
  await once(child.stdout, 'data')
  for (let sent = 0; child.exitCode === null && child.signalCode === null; sent++) {
    child.kill('SIGINT')
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(sent).toBeLessThan(100)
  }
  await finished
  await reader.close()
})
