/** What `preq` draws on a terminal: a pseudo-terminal of `script`, and an emulated screen. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import xterm from '@xterm/headless'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import type { Api } from './api.ts'
import { MAIN } from './sandbox.ts'
import { echoServer } from '../support/echo-server.ts'

const hasScript = spawnSync('script', ['--version']).status === 0 && spawnSync('stty', ['--version']).status === 0

interface Screen {
  /** The lines that are not blank. */
  lines(): string[]
  /** Resolves when the screen satisfies the condition. */
  until(isThere: (lines: string[]) => boolean): Promise<string[]>
  readonly ended: Promise<number | null>
  /** The whole output, with colours. */
  raw(): string
}

/** Runs preq on a terminal of this width. */
function onTerminal(args: readonly string[], columns: number, more: NodeJS.ProcessEnv = {}, rows = 24): Screen {
  const folder = mkdtempSync(join(tmpdir(), 'preq-terminal-'))
  const terminal = new xterm.Terminal({ cols: columns, rows: 24, allowProposedApi: true, convertEol: false })
  const words = [process.execPath, MAIN, ...args].map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const command = `stty cols ${columns} rows ${rows}; ${words}`
  const { CI: _0, NO_COLOR: _1, FORCE_COLOR: _2, ...env } = process.env
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { ...env, TERM: 'xterm-256color', ...more },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    terminal.dispose()
    rmSync(folder, { recursive: true, force: true })
  })
  let wake: (() => void) | undefined
  let raw = ''
  child.stdout.on('data', (bytes: Buffer) => {
    raw += bytes.toString('latin1')
    terminal.write(bytes, () => wake?.())
  })
  const lines = (): string[] => {
    const { active } = terminal.buffer
    return Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true) ?? '').filter(
      line => line.trim() !== '',
    )
  }
  return {
    lines,
    raw: () => raw,
    until: isThere =>
      new Promise(resolve => {
        wake = () => {
          const shown = lines()
          if (isThere(shown)) resolve(shown)
        }
        wake()
      }),
    ended: new Promise(resolve => {
      child.on('close', code => terminal.write('', () => resolve(code)))
    }),
  }
}

/** The lines of a bar, at any moment. */
const barsOf = (lines: readonly string[]): string[] => lines.filter(line => /\d\/s /.test(line))

async function withApi(): Promise<Api> {
  const server = await api()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

describe.skipIf(!hasScript)('On a terminal', () => {
  test('one bar is redrawn with the requests that are left, and finally stands above the summary', async () => {
    const { origin } = await withApi()
    const screen = onTerminal([`${origin}/slow/{100..139}`, '-c', '2', '-o', 'r.jsonl'], 90)
    const during = await screen.until(lines => lines.some(line => / 1?\d\/40 .*retries/.test(line)))
    expect(barsOf(during)).toHaveLength(1)
    await screen.until(lines => lines.length === 2 && lines.some(line => /s left/.test(line)))
    expect(await screen.ended).toBe(0)
    const after = screen.lines()
    expect(barsOf(after)).toEqual([expect.stringMatching(/^ {2}━{20,30} {2}40\/40 /)])
    expect(after).toContainEqual(expect.stringMatching(/^40 ok, 0 failed in \d+\.\d s$/))
  })

  test('the bar is not wrapped if the terminal is narrow', async () => {
    const { origin } = await withApi()
    const screen = onTerminal([`${origin}/slow/{100..119}`, '-c', '2', '-o', 'r.jsonl'], 40)
    await screen.until(lines => lines.some(line => /\d\/20/.test(line)))
    expect(await screen.ended).toBe(0)
    const lines = screen.lines()
    expect(barsOf(lines)).toHaveLength(1)
    expect(lines.every(line => line.length <= 40)).toBe(true)
  })

  test('the bar has colours unless NO_COLOR is set, and a dumb terminal gets plain lines', async () => {
    const { origin } = await withApi()
    const shown = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const screen = onTerminal([`${origin}/slow/{100..104}`, '-c', '1', '-o', 'r.jsonl'], 80, env)
      expect(await screen.ended).toBe(0)
      expect(screen.lines().at(-1)).toMatch(/^5 ok, 0 failed in/)
      return screen.raw()
    }
    // oxlint-disable-next-line no-control-regex -- colours begin with it
    const colour = /\x1b\[[\d;]*m/
    expect(await shown({})).toMatch(colour)
    expect(await shown({ NO_COLOR: '1' })).not.toMatch(colour)
    expect(await shown({ TERM: 'dumb' })).not.toContain('\x1b')
  })

  test('progress is plain lines if the terminal has no rows, as on some CI', async () => {
    const { origin } = await withApi()
    const screen = onTerminal([`${origin}/slow/{1100..1105}`, '-c', '1', '-o', 'r.jsonl'], 80, {}, 0)
    expect(await screen.ended).toBe(0)
    expect(screen.raw()).not.toContain('\x1b')
    expect(screen.raw().trimEnd().split('\r\n')).toEqual([
      expect.stringMatching(/^ {2}[45]\/6 /),
      expect.stringMatching(/^ {2}6\/6 /),
      expect.stringMatching(/^6 ok, 0 failed in/),
      // What it was waiting for depends on the machine.
      expect.stringMatching(/ % of the run/),
    ])
  })

  test('failures are separate lines below the bar', async () => {
    const { origin } = await withApi()
    const screen = onTerminal([`${origin}/slow/{100..109}`, `${origin}/status/404`, '-c', '2', '-o', 'r.jsonl'], 100)
    expect(await screen.ended).toBe(1)
    const lines = screen.lines()
    const [bar, failure, said, summary, next] = lines.slice(lines.findIndex(line => line.includes('11/11')))
    expect(bar).toContain('11/11')
    expect(failure).toContain('/status/404')
    expect(said).toContain('the server said: ')
    expect(summary).toMatch(/^10 ok, 1 failed in/)
    expect(next).toMatch(/^next, to send this one again/)
  })

  test('preq without any input shows the help instead of waiting', async () => {
    const screen = onTerminal([], 100)
    expect(await screen.ended).toBe(2)
    expect(screen.raw()).toMatch(/^Usage: preq /m)
  })

  test.each([
    ['-w', ['-w', '{error_body}\\n']],
    ['CSV', ['--output-format', 'csv', '--columns', 'error_body']],
    ['JSON lines', []],
    ['-v', ['-v', '-o', 'r.jsonl']],
  ])('what a server says does not act on it: %s', async (_, args) => {
    const server = await echoServer((_echo, response) => void response.writeHead(500).end('a\u001B[31mb\u009B2Jc'))
    const screen = onTerminal([server.url, '--retries', '0', '--no-progress', ...args], 300)
    expect(await screen.ended).toBe(1)
    expect(screen.raw()).toContain(String.raw`a\u001b[31mb`)
    expect(screen.raw()).not.toContain('\u001B[31m')
  })

  test('data on the same terminal is not interrupted by a bar', async () => {
    const { origin } = await withApi()
    const screen = onTerminal([`${origin}/slow/{100..104}`, '-w', '{status} {index}\\n', '-c', '1'], 80)
    expect(await screen.ended).toBe(0)
    expect(screen.lines().slice(0, 5)).toEqual(['200 0', '200 1', '200 2', '200 3', '200 4'])
  })
})
