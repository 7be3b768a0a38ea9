/** The site, built once for all tests of this folder, and a server of its files. */
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const PUBLIC = 'site/public'

/** @throws when the build fails */
export async function build(): Promise<void> {
  await run(process.execPath, ['scripts/site.ts'], { maxBuffer: 1e8 })
}

/** The HTML files, from the folder of the site. */
export const htmlFiles = (): string[] => globSync('**/*.html', { cwd: PUBLIC }).toSorted()

export const htmlOf = (path: string): string => readFileSync(join(PUBLIC, path), 'utf8')

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
}

/** The text of HTML as a reader sees it. */
export const plain = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:lt|gt|quot|amp|#39);/g, entity => ENTITIES[entity] ?? entity)
    .replaceAll('\u200b', '')
    .replaceAll(/\s+/g, ' ')
    .trim()

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Serves the files as any server of static files does. */
export async function serve(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    const path = join(PUBLIC, pathname.endsWith('/') ? `${pathname}index.html` : pathname)
    if (!existsSync(path)) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain; charset=utf-8' })
    response.end(readFileSync(path))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
