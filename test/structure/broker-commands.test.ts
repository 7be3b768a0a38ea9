/**
 * Each command of the pages about `--broker` runs as a reader types it, in the order of the page, with a real Redis.
 * A worker ends when all batches are done. A batch that a page only names is submitted before. Without redis-server, the
 * tests are skipped, and counted.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../components/component.ts'
import { NO_REDIS, redisServer } from '../distributed/redis.ts'
import { exampleApi } from '../support/example-api.ts'
import { commandsOf, fencesOf } from '../support/snippets.ts'

const run = promisify(execFile)
const MAIN = resolve('dist/cli/main.js')
const FIXTURES = resolve('test/fixtures/tls')
const PAGES = ['docs/limits.md', 'docs/many-machines.md']
const URLS = 'https://api.example.com/a\nhttps://api.example.com/b\n'

/** The commands that take the name of a batch. */
const NAMED = /preq (?:status|collect|pause|resume|cancel|delete|retry|limits|dead|reconcile) ([\w-]+)/

const pages = PAGES.map(page => {
  const fences = fencesOf(readFileSync(page, 'utf8'))
  return {
    page,
    commands: fences
      .filter(({ language }) => language === 'sh')
      .flatMap(({ line, code }) => commandsOf(code).map(command => ({ line, command }))),
    programs: fences.filter(({ language, runs }) => language === 'js' && !runs),
  }
})

/** What Redis and a folder stand for in a page. */
interface Stage extends AsyncDisposable {
  readonly run: (program: string, args: readonly string[]) => Promise<{ readonly exit: number; readonly said: string }>
  readonly local: (text: string) => string
}

describe.skipIf(NO_REDIS)('a command for a batch', () => {
  for (const { page, commands, programs } of pages) {
    describe(`of ${page}`, () => {
      let stage: Stage
      beforeAll(async () => void (stage = await begin()))
      afterAll(() => stage[Symbol.asyncDispose]())

      for (const { line, command } of commands) {
        it(`at line ${line} runs: ${command.split('\n')[0]?.slice(0, 60)}`, async () => {
          const name = NAMED.exec(command)?.[1]
          if (name !== undefined) await stage.run('bash', ['-c', stage.local(submitting(name))])
          const ran = await stage.run('bash', ['-c', ending(stage.local(command))])
          expect(ran).toEqual({ exit: 0, said: expect.any(String) })
        })
      }
      for (const { line, code } of programs) {
        it(`at line ${line} runs as a program`, async () => {
          const ran = await stage.run(process.execPath, ['--input-type=module', '-e', stage.local(code)])
          expect(ran).toEqual({ exit: 0, said: expect.any(String) })
        })
      }
    })
  }
})

/** Does nothing if the batch is there. */
const submitting = (name: string): string =>
  `preq submit -i urls.txt --broker redis://queue.example:6379 --batch ${name} --results /shared/${name} --retries 5`

/** A worker ends only if that is asked for. */
const ending = (command: string): string =>
  /\bpreq worker\b/.test(command) && !command.includes('--until-empty')
    ? command.replace(/\bpreq worker\b/, 'preq worker --until-empty')
    : command

async function begin(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  const [api, redis, secured] = await Promise.all([exampleApi(), redisServer(), securedRedis()])
  const [health, metrics] = [await freePort(), await freePort()]
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'preq'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 })
  writeFileSync(join(folder, 'urls.txt'), api.local(URLS))
  const certificates = { 'ca.pem': 'ca.pem', 'worker.pem': 'server.pem', 'worker-key.pem': 'server-key.pem' }
  for (const [name, fixture] of Object.entries(certificates)) copyFileSync(join(FIXTURES, fixture), join(folder, name))
  const env = {
    ...process.env,
    PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
    BROKER: redis.url,
    KEY: '0'.repeat(64),
  }
  return {
    local: text =>
      api
        .local(text)
        .replaceAll(/redis:\/\/(?:queue\.example|127\.0\.0\.1):6379/g, redis.url)
        .replaceAll('/shared/', `${folder}/shared/`)
        .replaceAll("'parallel-requests/distributed'", `'${resolve('dist/distributed/index.js')}'`)
        .replaceAll(':9000', `127.0.0.1:${health}`)
        .replaceAll(':9464', `127.0.0.1:${metrics}`)
        // A variable that the reader fills in.
        .replaceAll(/(?<=\b[A-Z_]+=)…/g, 'secret'),
    async run(program, args) {
      const isSecured = args.some(arg => arg.includes('--broker-ca'))
      const at = { cwd: folder, env: isSecured ? { ...env, BROKER: secured.url } : env, timeout: 110_000 }
      const ran = await run(program, args, at).catch((error: { code: number; stdout: string; stderr: string }) => error)
      return { exit: 'code' in ran ? ran.code : 0, said: ran.stdout + ran.stderr }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([api, redis, secured].map(one => one[Symbol.asyncDispose]()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** It asks for certificates of clients, as Redis does by default. */
async function securedRedis(): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await freePort()
  const files = ['--tls-cert-file', 'server.pem', '--tls-key-file', 'server-key.pem', '--tls-ca-cert-file', 'ca.pem']
  const paths = files.map(word => (word.startsWith('--') ? word : join(FIXTURES, word)))
  const redis = await redisServer(['--port', '0', '--tls-port', String(port), ...paths], port)
  return { url: `rediss://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() }
}
