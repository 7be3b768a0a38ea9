/** Lines of a text with their numbers; a byte-order mark and CR are not part of them. */
import { StringDecoder } from 'node:string_decoder'
import type { Readable } from 'node:stream'
import { unreadable } from './unreadable.ts'

export interface Line {
  readonly text: string
  /** From 1. */
  readonly line: number
}

/** As many at once as a piece of the input holds: a promise per line would cost more than the line. */
export async function* linesOf(input: Readable, name: string): AsyncGenerator<readonly Line[], void> {
  const decoder = new StringDecoder('utf8')
  let line = 0
  let rest = ''
  try {
    for await (const bytes of input as AsyncIterable<Buffer>) {
      const texts = (rest + decoder.write(bytes)).split('\n')
      rest = texts.pop() ?? ''
      yield texts.map(text => ({ text: plain(text, ++line), line }))
    }
  } catch (error) {
    // Of the input only: what goes wrong with who reads the lines never comes here.
    throw unreadable(name, error)
  }
  const last = rest + decoder.end()
  if (last !== '') yield [{ text: plain(last, ++line), line }]
}

function plain(text: string, line: number): string {
  const whole = text.endsWith('\r') ? text.slice(0, -1) : text
  return line === 1 ? whole.replace(/^\uFEFF/, '') : whole
}
