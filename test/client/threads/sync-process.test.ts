/** `parallelRequestsSync` in a process of its own: how it is loaded, its threads, and a worker that dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadServer } from '../../support/thread-server.ts'
import type { ThreadServer } from '../../support/thread-server.ts'
import { expectFigure, figure } from '../../support/figure.ts'

let server: ThreadServer

beforeAll(async () => {
  server = await threadServer()
})
afterAll(() => server.close())

describe('a sync call in a separate process', () => {
  const root = new URL('../../..', import.meta.url)
  const source = new URL('src/index.ts', root).pathname
  const run = (script: string, flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => {
    const { status, stdout, stderr, signal } = spawnSync(process.execPath, [...flags, '--eval', script, server.url], {
      env: { ...process.env, ...env },
      cwd: root,
      encoding: 'utf8',
      timeout: 100_000,
    })
    expect({ signal, stderr, status }).toEqual({ signal: null, stderr: '', status: 0 })
    return stdout.trim()
  }

  const CALL = `console.log(parallelRequestsSync(process.argv[1] + '/there').path)`

  it('works from CommonJS', () => {
    expect(run(`const { parallelRequestsSync } = require(${JSON.stringify(source)}); ${CALL}`)).toBe('/there')
  })

  it('works in an ES module that is passed as text', () => {
    const script = `import { parallelRequestsSync } from ${JSON.stringify(source)}; ${CALL}`
    expect(run(script, ['--input-type=module'])).toBe('/there')
  })

  it('works in a preloaded module, which its worker does not load again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sync-'))
    const path = join(folder, 'preload.cjs')
    writeFileSync(
      path,
      `const { parallelRequestsSync } = require(${JSON.stringify(source)})
       console.log(parallelRequestsSync(${JSON.stringify(server.url)}).path)`,
    )
    try {
      expect(run('', [`--require=${path}`])).toBe('/')
      expect(run('', [], { NODE_OPTIONS: `--require=${path}` })).toBe('/')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.skipIf(!existsSync(new URL('dist/index.js', root)))('works from the build, by its package name', () => {
    expect(run(`const { parallelRequestsSync } = require('parallel-requests'); ${CALL}`)).toBe('/there')
  })

  it('starts no thread on import', () => {
    const script = `
      const { Worker } = require('node:worker_threads')
      let workers = 0
      require('node:worker_threads').Worker = class extends Worker { constructor(...a) { super(...a); workers++ } }
      require('node:module').syncBuiltinESMExports()
      const { parallelRequestsSync } = require(${JSON.stringify(source)})
      console.log(workers)
      for (let n = 0; n < 3; n++) parallelRequestsSync(process.argv[1])
      console.log(workers)`
    expect(run(script)).toBe('0\n1')
  })

  figure('keeps one thread over 200 calls, costs at most 10 ms a call, and ends by itself', () => {
    const script = `
      const { readdirSync } = require('node:fs')
      const { parallelRequestsSync } = require(${JSON.stringify(source)})
      // Node's own pool starts with its first task, so it is started before anything is counted.
      require('node:crypto').randomBytes(1, () => undefined)
      const all = () => process.platform === 'linux' ? readdirSync('/proc/self/task').length : 1
      const without = all()
      const threads = () => process.platform === 'linux' ? all() - without : 1
      const took = []
      for (let n = 0; n < 200; n++) {
        const startedAt = performance.now()
        if (n % 50 === 7) parallelRequestsSync(process.argv[1], { parseFunc: () => parallelRequestsSync(process.argv[1]) })
        else parallelRequestsSync(process.argv[1])
        took.push(performance.now() - startedAt)
      }
      const endAt = performance.now() + 5_000
      while (threads() > 1 && performance.now() < endAt);
      console.log(JSON.stringify({ medianMs: took.toSorted((a, b) => a - b)[100], threads: threads() }))`
    const startedAtMs = performance.now()
    const { medianMs, threads } = JSON.parse(run(script)) as { medianMs: number; threads: number }
    expect(threads).toBe(1)
    // Includes the request itself.
    expect(medianMs).toBeLessThan(10)
    expectFigure(performance.now() - startedAtMs).toBeLessThan(12_000)
  })

  const SPY = `
    const workers = []
    let entry
    const { Worker } = require('node:worker_threads')
    require('node:worker_threads').Worker = class extends Worker {
      constructor(url, options) { super(entry ?? url, options); workers.push(this) }
    }
    require('node:module').syncBuiltinESMExports()
    const { isRequestError, parallelRequestsSync } = require(${JSON.stringify(source)})
    const url = process.argv[1]
    const tried = run => { try { return run() } catch (error) { return isRequestError(error) && error.code } }`

  it('throws when its worker dies, before or during the call, and starts another for the next call', () => {
    const script = `${SPY}
      entry = new URL('data:text/javascript,throw new Error()')
      console.log(tried(() => parallelRequestsSync(url)))
      entry = undefined
      console.log(parallelRequestsSync(url).method)
      console.log(tried(() => parallelRequestsSync(url + '/slow?ms=1000000000', { auth() { workers.at(-1).terminate() } })))
      console.log(parallelRequestsSync(url).method)
      workers.at(-1).terminate()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      console.log(tried(() => parallelRequestsSync(url).method))
      console.log(parallelRequestsSync(url).method)`
    expect(run(script).split('\n')).toEqual([
      'internal/worker',
      'GET',
      'internal/worker',
      'GET',
      expect.stringMatching(/^(GET|internal\/worker)$/) as string,
      'GET',
    ])
  })
})
