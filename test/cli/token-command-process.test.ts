import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { endTokenCommands, tokenFrom } from '../../src/cli/token-command.ts'
import { until } from '../support/ask.ts'

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The process id that a command has printed on standard error. */
const pidIn = (error: unknown): number => Number(/pid (\d+)/.exec(String(error))?.[1])

test.runIf(process.platform !== 'win32').each([
  ['ends when it is told to', 'sleep 60 & echo "pid $!" >&2; wait'],
  ['ignores that', `sh -c 'trap "" TERM; while :; do sleep 1; done' & echo "pid $!" >&2; wait`],
])('a command that takes too long is ended with its children, even if one %s', async (_name, command) => {
  const error = await tokenFrom(command, new AbortController().signal, 200).catch((reason: unknown) => reason)
  expect(String(error)).toContain('--token-command: it took longer than 30 s')
  const pid = pidIn(error)
  expect(pid).toBeGreaterThan(1)
  await until(() => !isAlive(pid), 5_000)
})

test('an abort ends the command, and what it prints later is dropped', async () => {
  const controller = new AbortController()
  const failed = tokenFrom('sleep 60', controller.signal).catch((reason: unknown) => reason)
  await sleep(50)
  controller.abort()
  expect(String(await failed)).toContain('it took longer')
})

test.runIf(process.platform !== 'win32')('commands are ended when nobody needs their token', async () => {
  const failed = tokenFrom('sleep 60 & echo "pid $!" >&2; wait', new AbortController().signal)
  const reason = failed.catch((error: unknown) => error)
  await sleep(500)
  endTokenCommands()
  const error = await reason
  expect(String(error)).toContain('the run has ended')
  await until(() => !isAlive(pidIn(error)), 5_000)
})

test('a command that prints without end is ended', async () => {
  await expect(tokenFrom('yes', new AbortController().signal)).rejects.toThrow('it printed more than 1 MiB')
})

test('a command reads nothing, and its output is trimmed', async () => {
  expect(await tokenFrom('cat; echo " token "', new AbortController().signal)).toBe('token')
})
