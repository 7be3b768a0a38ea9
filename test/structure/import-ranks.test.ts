import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RANKS } from '../support/rooms.ts'
import { folderOf, importsOf, sources, targetOf } from '../support/sources.ts'

/** Folders that know less than their rank allows; `client/wire.ts` connects them. */
const KNOWS: Readonly<Record<string, readonly string[]>> = {
  config: ['core'],
  disk: ['core'],
  policy: ['core'],
  transport: ['core'],
  store: ['core', 'disk'],
  codec: ['core', 'disk'],
  paginate: ['core'],
  testing: ['core', 'config'],
  sinks: ['core', 'config', 'disk'],
  display: ['core'],
  engine: ['core'],
  layer: ['core', 'policy'],
  report: ['core', 'config', 'disk', 'store', 'sinks'],
  otel: ['core', 'config', 'sinks'],
}

/** The only folder that may import this package at run time. */
const HOMES: Readonly<Record<string, string>> = {
  undici: 'transport',
  'tough-cookie': 'store',
  commander: 'cli',
  'log-update': 'display',
  'csv-stringify': 'sinks',
  uplot: 'report',
  '@opentelemetry/api': 'otel',
  bullmq: 'distributed',
  ioredis: 'distributed',
  'eventsource-parser': 'codec',
  oauth4webapi: 'client',
  '@jmespath-community/jmespath': 'paginate',
}

/** `undici/types` → `undici`, `@a/b/c` → `@a/b`. */
const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier

describe('the folders of src', () => {
  it('all have a rank', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)))
    expect([...folders].filter(folder => RANKS[folder] === undefined)).toEqual([])
  })

  it('import only from a lower rank or themselves, types included', () => {
    const wrong: string[] = []
    for (const { path, imports } of sources) {
      const from = folderOf(path)
      // The public entry re-exports names from wherever they are.
      if (from === 'index') continue
      for (const { specifier } of imports) {
        const target = targetOf(path, specifier)
        if (target === undefined) continue
        const to = folderOf(target)
        if (to === from) continue
        const allowed = (RANKS[to] ?? Infinity) < (RANKS[from] ?? 0) && (KNOWS[from]?.includes(to) ?? true)
        if (!allowed) wrong.push(`${path} → ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('import only files that exist', () => {
    const missing = sources.flatMap(({ path, imports }) =>
      imports
        .map(({ specifier }) => targetOf(path, specifier))
        .filter(target => target !== undefined && !existsSync(target))
        .map(target => `${path} → ${target}`),
    )
    expect(missing).toEqual([])
  })

  it('import each third-party package from only one of them', () => {
    const strays: string[] = []
    for (const { path, imports } of sources) {
      for (const { specifier, typeOnly } of imports) {
        if (specifier.startsWith('.') || specifier.startsWith('node:') || typeOnly) continue
        if (HOMES[packageOf(specifier)] !== folderOf(path)) strays.push(`${path} → ${specifier}`)
      }
    }
    expect(strays).toEqual([])
  })
})

describe('the folder core', () => {
  const core = sources.filter(({ path }) => folderOf(path) === 'core')

  it('imports only itself at run time', () => {
    const outside = core.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, typeOnly }) => !specifier.startsWith('.') && (!typeOnly || specifier.startsWith('node:')))
        .map(({ specifier }) => `${path} → ${specifier}`),
    )
    expect(outside).toEqual([])
  })

  it('has no timers and no I/O: time and randomness are parameters', () => {
    const forbidden =
      /\b(?:(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(|process\.|Date\.now|Math\.random)/
    // supported-node.ts reads the version of Node, which never changes, and must be imported first.
    const asked = core.filter(({ path }) => path !== 'src/core/supported-node.ts')
    const users = asked.filter(({ text }) => forbidden.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')))
    expect(users.map(({ path }) => path)).toEqual([])
  })
})

describe('importsOf', () => {
  it('finds every form of import', () => {
    const text = `
/** import { no } from './comment.ts' */
// import './comment.ts'
import './bare.ts'
import { a } from './a.ts'
import type { B } from './b.ts'
import {
  c,
  d,
} from './c.ts'
export { e } from './e.ts'
export type { F } from './f.ts'
export * from './g.ts'
export const text = 'import of nothing'
const h = await import('./h.ts')
const worker = new URL('./worker.ts', import.meta.url)
`
    expect(importsOf(text).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' (type)' : ''}`)).toEqual([
      './bare.ts',
      './a.ts',
      './b.ts (type)',
      './c.ts',
      './e.ts',
      './f.ts (type)',
      './g.ts',
      './h.ts',
      './worker.ts',
    ])
  })
})
