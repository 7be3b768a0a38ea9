/**
 * What a hostile server does to one request, as data: a list of steps that are played after the head of the request is
 * read. In texts, `{origin}`, `{other}` and `{token}` stand for the server's own origin, the other origin, and the
 * request's token.
 */
import type { Connection } from '../raw-server.ts'

export type Step =
  | { readonly send: string | Uint8Array | (() => string) }
  | { readonly waitMs: number }
  | { readonly expect: number | string }
  | { readonly again: readonly Step[]; readonly times: number }
  | 'fin'
  | 'rst'
  | 'hold'
  | 'stop reading'

export type Steps = readonly Step[]
export type Names = Readonly<Record<string, string>>

/** Text is Latin-1, so that any byte can be written. A function is called when its step is played. */
export const send = (data: string | Uint8Array | (() => string)): Step => ({ send: data })
export const wait = (waitMs: number): Step => ({ waitMs })
/** Reads this many bytes, or up to this text, of what the client sends. */
export const expects = (what: number | string): Step => ({ expect: what })
export const again = (times: number, ...steps: Steps): Step => ({ again: steps, times })
export const forever = (...steps: Steps): Step => again(Infinity, ...steps)

/** A close in a packet of its own: the client reads what came before it first. */
export const fin: Steps = [wait(15), 'fin']
export const rst: Steps = [wait(15), 'rst']

export const OK = 'HTTP/1.1 200 OK\r\n'
export const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
/** A complete response. */
export function reply(body: string | Uint8Array = 'ok', headers = '', status = '200 OK'): Step {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = `HTTP/1.1 ${status}\r\nContent-Length: ${bytes.byteLength}\r\n${headers}\r\n`
  if (typeof body === 'string') return send(head + bytes.toString('latin1'))
  return send(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
}

const fill = (text: string, names: Names): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)

function bytesOf(data: string | Uint8Array | (() => string), names: Names): string | Uint8Array {
  if (typeof data === 'function') return fill(data(), names)
  return typeof data === 'string' ? fill(data, names) : data
}

/** Plays the steps on a connection. The client may disconnect meanwhile: `raw-server` then ends the script. */
export async function perform(connection: Connection, steps: Steps, names: Names): Promise<void> {
  for (const step of steps) {
    if (step === 'fin') connection.fin()
    else if (step === 'rst') connection.rst()
    else if (step === 'hold') await connection.closed
    else if (step === 'stop reading') connection.pause()
    else if ('send' in step) await connection.send(bytesOf(step.send, names))
    else if ('waitMs' in step) await connection.wait(step.waitMs)
    else if ('expect' in step) await connection.expect(step.expect)
    else for (let time = 0; time < step.times; time++) await perform(connection, step.again, names)
  }
}
