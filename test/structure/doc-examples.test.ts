/**
 * Every `@example` of a doc comment compiles. Each is one of:
 *
 * - A program, whose names are those of the package and of PRELUDE.
 * - Options as they are written in a call: `timeout: '10s'`. They are given to the call that takes them.
 * - A value of the type that it belongs to: `{ concurrency: 4 }`, `'100/m'`.
 */
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript-5.9'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publicApi, tagsOf } from '../support/public-api.ts'

const run = promisify(execFile)

/** What examples take for granted: the reader's own names, and modules that everybody knows. */
const PRELUDE = `
interface Repo { name: string; stars: number }
declare const Repo: import('parallel-requests').Schema<Repo>
interface Tenant { account: string }
declare const broker: string
declare const client: import('parallel-requests').ParallelRequests
declare const clock: import('parallel-requests/testing').VirtualClock
declare const error: unknown
declare const outcome: import('parallel-requests').Outcome
declare const outcomes: import('parallel-requests').OutcomeIterator<import('parallel-requests').Outcome>
declare const url: string, nodeUrl: string, denoUrl: string
declare const urls: string[]
declare const files: Map<string, import('node:fs').WriteStream>
declare const meterProvider: import('@opentelemetry/api').MeterProvider
declare const Results: import('parallel-requests').Schema<{ results: Repo[] }>
declare const tracerProvider: import('@opentelemetry/api').TracerProvider
declare const table: { insert(url: string, row: unknown): Promise<void> }
declare function freshToken(): Promise<string>
declare function save(value: unknown): void
declare function signIn(how: { signal: AbortSignal }): Promise<{ accessToken: string }>
declare function rowsOfADatabase(): AsyncIterable<string>
`

/** Names of other modules, and where they come from. */
const OTHERS: Readonly<Record<string, string>> = {
  CookieJar: 'tough-cookie',
  MockAgent: 'undici',
  createReadStream: 'node:fs',
  createWriteStream: 'node:fs',
  readFileSync: 'node:fs',
  writeFile: 'node:fs/promises',
}

interface Example {
  /** `csv`, `SharedOptions.timeout`. */
  readonly of: string
  readonly type: string
  readonly text: string
}

/** The examples of a node and of everything in it. */
function examplesIn(node: ts.Node, owners: readonly string[]): Example[] {
  const { name } = node as ts.Node & { readonly name?: ts.Node }
  const named = name !== undefined && ts.isIdentifier(name) ? [...owners, name.text] : owners
  // TypeScript gives a declaration the comment of its statement as well.
  const own = Object.hasOwn(node, 'jsDoc') ? tagsOf(node, 'example') : []
  const of =
    (ts.isVariableStatement(node) ? node.declarationList.declarations[0]?.name.getText() : undefined) ?? named.join('.')
  const found = own.map(text => ({ of, type: owners[0] ?? of, text }))
  ts.forEachChild(node, child => void found.push(...examplesIn(child, named)))
  return found
}

const api = publicApi()

/** Types that are not exported, whose fields are options of a call. */
const PARTS_OF_CALLS: ReadonlySet<string> = new Set([
  'CallSettings',
  'ClientSettings',
  'PageOptions',
  'PaginationPlaces',
  'RequestCall',
  'ShapeOptions',
  'StreamCall',
  'ValueOptions',
])

const isShown = (type: string): boolean => PARTS_OF_CALLS.has(type) || api.some(({ name }) => name === type)

const examples = globSync('src/**/*.ts')
  .flatMap(path => examplesIn(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true), []))
  .filter(({ type }) => isShown(type))

/** The entry of a name: that of its neighbours, because two entries have a name in common. */
function entryOf(name: string, neighbour: string): string | undefined {
  const own = api.find(one => one.name === neighbour)?.entry
  return (api.find(one => one.name === name && one.entry === own) ?? api.find(one => one.name === name))?.entry
}

const isOptions = (text: string): boolean => /^\w+: /.test(text)

const isValue = (text: string): boolean => /^[{'\d]/.test(text)

/** The call that takes the options of a type. */
function callFor(type: string): string {
  if (type === 'StreamOptions') return 'client.stream'
  return type.endsWith('DrainOptions') ? 'client.drain' : 'parallelRequests'
}

/** The example as a program, without its imports. */
function programOf({ type, text }: Example): string {
  if (isOptions(text)) return `void ${callFor(type)}(urls, {\n${text}\n})`
  // `{ url: … }` at an option is a request.
  if (isValue(text)) return `const value: ${text.startsWith('{ url:') ? 'RequestSpec' : type} = (\n${text}\n)`
  return text
}

function withImports(program: string, type: string): string {
  const code = program.replaceAll(/'(?:[^'\\\n]|\\.)*'|\/\/.*$/gm, "''")
  const words = new Set(code.match(/(?<![\w.])\w+\b/g))
  const declared = new Set([...program.matchAll(/\b(?:const|let|function) (\w+)/g)].map(([, name]) => name))
  const lines = [...words]
    .filter(name => !declared.has(name))
    .flatMap(name => {
      const from = entryOf(name, type) ?? (Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined)
      return from === undefined ? [] : [`import { ${name} } from '${from}'`]
    })
  const schemas = /\bv\.\w+\(/.test(program) ? ["import * as v from 'valibot'"] : []
  return [...lines, ...schemas, program, 'export {}', ''].join('\n')
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    // Types and values are imported alike.
    verbatimModuleSyntax: false,
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: resolve('tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] }),
  )
  writeFileSync(join(folder, 'prelude.d.ts'), PRELUDE)
  for (const [at, example] of examples.entries()) {
    writeFileSync(join(folder, `${example.of}-${at}.ts`), withImports(programOf(example), example.type))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('doc comments have examples', () => {
  expect(examples.length).toBeGreaterThan(150)
})

test('the examples of doc comments compile', async () => {
  const tsc = resolve('node_modules/typescript/bin/tsc')
  const compiled = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
    (failed: { stdout: string }) => failed,
  )
  expect(compiled.stdout.slice(0, 20_000)).toBe('')
})
