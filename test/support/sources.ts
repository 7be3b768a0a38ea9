/** The files under `src/` as text, for tests of the structure of the code. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Import {
  /** The specifier as written: `../core/call.ts`, `node:net`, `undici`. */
  readonly specifier: string
  /** An import that the compiler erases. */
  readonly typeOnly: boolean
}

export interface Source {
  /** From the root, with slashes: `src/core/call.ts`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const slashes = (path: string): string => path.replaceAll('\\', '/')

export const sources: readonly Source[] = globSync('src/**/*.ts')
  .map(slashes)
  .toSorted()
  .map(path => {
    const text = readFileSync(path, 'utf8')
    return { path, text, imports: importsOf(text) }
  })

/** The folder under `src/`, or `'index'` for the public entry. */
export function folderOf(path: string): string {
  const [, folder = ''] = path.split('/')
  return folder === 'index.ts' ? 'index' : folder
}

/** The path of a relative specifier. Undefined for a package. */
export function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? slashes(join(dirname(path), specifier)) : undefined
}

/** Static imports and re-exports, dynamic imports, and modules that are started by `new URL(…, import.meta.url)`. */
export function importsOf(text: string): Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const found: Import[] = []
  for (const [, type, specifier = ''] of code.matchAll(
    /^(?:import|export)\b( type\b)?(?:[^'"()=]*?\bfrom)?\s*['"]([^'"]+)['"]/gm,
  )) {
    found.push({ specifier, typeOnly: type !== undefined })
  }
  for (const [, specifier = ''] of code.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier, typeOnly: false })
  }
  for (const [, specifier = ''] of code.matchAll(/new URL\(\s*['"](\.[^'"]+\.ts)['"]/g)) {
    found.push({ specifier, typeOnly: false })
  }
  return found
}
