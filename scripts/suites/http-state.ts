/**
 * The cookie tests of the IETF's http-state group: what a server sets, and the `Cookie` header expected on the redirect
 * that follows. Every name resolves to the loopback server.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { HTTP_STATE_REASONS } from './http-state-reasons.ts'
import { inTurns, play } from './play.ts'
import type { Suite, Trial } from './trial.ts'
import type { LookupInput } from '../../src/index.ts'

export const httpState: Suite = {
  name: 'http-state',
  reasons: HTTP_STATE_REASONS,
  run: from => {
    const folder = join(from, 'tests', 'data', 'parser')
    const read = (file: string): string => readFileSync(join(folder, file), 'latin1')
    const names = readdirSync(folder).flatMap(file => (file.endsWith('-test') ? [file.slice(0, -'-test'.length)] : []))
    return inTurns(names, name => tried({ name, received: read(`${name}-test`), expected: read(`${name}-expected`) }))
  },
}

interface CookieCase {
  readonly name: string
  /** Lines of a head: `Set-Cookie`, and `Location` if it is not the usual one. */
  readonly received: string
  /** A line with the `Cookie`, or empty. */
  readonly expected: string
}

const HOST = 'home.example.org'
/** The port of the suite's own server. */
const PORT = ':8888'

const toLoopback: LookupInput = (_name, { all }, callback) => {
  if (all === true) callback(null, ['127.0.0.1'])
  else callback(null, '127.0.0.1', 4)
}

async function tried({ name, received, expected }: CookieCase): Promise<Trial> {
  if (name.startsWith('disabled-')) return { name, kind: 'out', why: 'disabled by the suite' }
  let port = ''
  let ours: string | undefined
  await play(
    ({ path, headers }) => {
      if (!path.startsWith('/cookie-parser?')) {
        ours = headers.get('cookie') ?? ''
        return { bytes: 'HTTP/1.1 204 No Content\r\n\r\n', isLast: true }
      }
      const lines = received.replaceAll(PORT, `:${port}`).split('\n').filter(Boolean)
      if (!lines.some(line => line.startsWith('Location:'))) lines.push(`Location: /cookie-parser-result?${name}`)
      return { bytes: ['HTTP/1.1 302 Found', 'Content-Length: 0', ...lines, '', ''].join('\r\n'), isLast: true }
    },
    origin => {
      port = new URL(origin).port
      return { url: `http://${HOST}:${port}/cookie-parser?${name}` }
    },
    { lookup: toLoopback },
  )
  const theirs = expected.replace(/^Cookie: /, '').trimEnd()
  if (ours === theirs) return { name, kind: 'agree' }
  return { name, kind: 'differ', theirs: quoted(theirs), ours: quoted(ours), input: received }
}

const quoted = (cookie: string | undefined): string => (cookie === undefined ? 'no request' : `'${cookie}'`)
