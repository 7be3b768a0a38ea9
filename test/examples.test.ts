/** Runs every example like a newcomer would, in a process of its own, with local servers instead of the Internet. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { seedServer } from './support/seed-server.ts'
import type { SeedServer } from './support/seed-server.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GUARD = new URL('support/loopback-only.ts', import.meta.url).href

const CPYTHON = 'GET /repos/python/cpython'
const PYPY = 'GET /repos/python/pypy'
const LEGOUT = 'GET /repos/legout/parallel-requests'

interface Expected {
  /** Everything that it prints: a string, or a matcher. */
  readonly prints: unknown
  /** Every request to the server that stands for GitHub, sorted. */
  readonly github?: readonly string[]
  /** Every request to the server that stands for httpbin. */
  readonly httpbin?: readonly string[]
}

/** What each example does, in both forms. */
const EXAMPLES: Readonly<Record<string, Expected>> = {
  'async.ts': { prints: 'python/cpython\npython/pypy\n', github: [CPYTHON, PYPY] },
  'basic.ts': {
    prints: '5 answers from httpbin\npython/cpython\npython/pypy\nlegout/parallel-requests\n',
    github: [LEGOUT, CPYTHON, PYPY],
    httpbin: Array<string>(5).fill('GET /get'),
  },
  'client.ts': { prints: 'python/cpython\npython/pypy\n', github: [CPYTHON, PYPY] },
  'combined.ts': { prints: "{ cpython: 'python/cpython', pypy: 'python/pypy' }\n", github: [CPYTHON, PYPY] },
  'keys.ts': { prints: 'CPython: cpython\nPyPy: pypy\n', github: [CPYTHON, PYPY] },
  'params.ts': { prints: 'python/cpython\npython/pypy\n', github: [`${CPYTHON}?ref=main`, PYPY] },
  'parse-func.ts': {
    prints: 'cpython: 68214 stars, Python\nparallel-requests: 12 stars, Python\n',
    github: [LEGOUT, CPYTHON],
  },
  'return-type-content.ts': { prints: '1024 bytes\n', httpbin: ['GET /bytes/1024'] },
  'return-type-json.ts': { prints: 'cpython\n', github: [CPYTHON] },
  'return-type-response.ts': {
    prints: expect.stringMatching(
      /^Status: 200\nHeaders: .*'content-type': 'application\/json.*\nBody: \{\n +args: \{\},\n/s,
    ),
    httpbin: ['GET /get'],
  },
  'return-type-text.ts': {
    prints: expect.stringMatching(/^<!DOCTYPE html>\n.*Some years ago—never mind how long precisely….*<\/html>\n/s),
    httpbin: ['GET /html'],
  },
}

let github: SeedServer
let httpbin: SeedServer

beforeAll(async () => {
  if (!existsSync(`${ROOT}dist/index.js`)) {
    throw new Error('dist/: expected the built package, which the examples import, got none. Run `npm run build`.')
  }
  github = await seedServer()
  httpbin = await seedServer()
})

afterAll(async () => {
  await github.close()
  await httpbin.close()
})

beforeEach(() => {
  github.clear()
  httpbin.clear()
})

describe.each(['examples', 'examples/sync'])('the folder %s', folder => {
  test('contains exactly the examples that are tested here', () => {
    expect(namesIn(folder)).toEqual(Object.keys(EXAMPLES))
  })

  test.each(Object.entries(EXAMPLES))(
    'contains %s, which runs, prints its results and requests nothing else',
    async (name, { prints, ...expected }) => {
      const { status, stdout, stderr } = await run(`${folder}/${name}`)

      expect(stderr).toBe('')
      expect(status).toBe(0)
      expect(stdout).toEqual(prints)
      expect(linesOf(github)).toEqual(expected.github ?? [])
      expect(linesOf(httpbin)).toEqual(expected.httpbin ?? [])
    },
  )

  test('basic.ts has exactly three requests in flight at once', async () => {
    httpbin.holdUntilOpen(3)

    const { status } = await run(`${folder}/basic.ts`)

    expect(status).toBe(0)
    expect(httpbin.peakInFlight).toBe(3)
  })

  test('combined.ts sends its headers with every request', async () => {
    await run(`${folder}/combined.ts`)

    expect(github.requests).toHaveLength(2)
    for (const { headers } of github.requests) {
      expect(headers).toMatchObject({ 'user-agent': 'MyApp/1.0', accept: 'application/vnd.github.v3+json' })
    }
  })
})

// The worker thread of the sync form loads no preloaded modules, so the guard covers only the other form.
test('return-type-json.ts cannot reach another host unnoticed: even the name localhost is refused', async () => {
  const { status, stderr } = await run('examples/return-type-json.ts', {
    GITHUB_API_URL: github.url.replace('127.0.0.1', 'localhost'),
  })

  expect(status).not.toBe(0)
  expect(stderr).toContain('not loopback: localhost')
  expect(github.requests).toEqual([])
})

test('client.ts sends its second batch over the connection of the first, with the cookie that it got', async () => {
  await run('examples/client.ts')

  const [first, second] = github.requests
  expect(second?.clientPort).toBe(first?.clientPort)
  expect(first?.headers.cookie).toBeUndefined()
  expect(second?.headers.cookie).toBe('session=seed')
})

test('sync/client.ts shares nothing between its two calls, as its text says', async () => {
  await run('examples/sync/client.ts')

  const [first, second] = github.requests
  expect(second?.clientPort).not.toBe(first?.clientPort)
  expect(second?.headers.cookie).toBeUndefined()
})

test.each(['GITHUB_API_URL', 'HTTPBIN_URL'])(
  'an example without %s requests the Internet, which the guard refuses',
  async name => {
    const { status, stderr } = await run('examples/basic.ts', { [name]: undefined })

    expect(status).not.toBe(0)
    expect(stderr).toContain(`not loopback: ${name === 'HTTPBIN_URL' ? 'httpbin.org' : 'api.github.com'}`)
  },
)

test('the index of the examples names every file', () => {
  const index = readFileSync(`${ROOT}examples/README.md`, 'utf8')

  const named = [...index.matchAll(/^\| \[(.+)\]\(\1\)/gm)].map(([, name]) => name)
  expect(new Set(named)).toEqual(new Set(namesIn('examples')))
})

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Asynchronous, because the servers are in this process. */
function run(file: string, overrides: Readonly<Record<string, string | undefined>> = {}): Promise<Ended> {
  // Not as arguments: the worker thread of the sync form starts without the arguments of the process. Node 22 warns
  // about types.
  const NODE_OPTIONS = `--disable-warning=ExperimentalWarning --import ${GUARD}`
  const env = { NODE_OPTIONS, GITHUB_API_URL: github.url, HTTPBIN_URL: httpbin.url, ...overrides }
  return new Promise(resolve => {
    const child = execFile(process.execPath, [file], { cwd: ROOT, env, timeout: 110_000 }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr })
    })
  })
}

function namesIn(folder: string): string[] {
  return readdirSync(ROOT + folder)
    .filter(name => name.endsWith('.ts'))
    .toSorted()
}

function linesOf({ requests }: SeedServer): string[] {
  return requests
    .map(({ method, path, query }) => {
      const search = new URLSearchParams(query).toString()
      return `${method} ${path}${search === '' ? '' : `?${search}`}`
    })
    .toSorted()
}
