/**
 * One display on standard error for all runs of this process: on a terminal a block of lines that is redrawn, one bar for
 * each run that is under way, and elsewhere a plain line every five seconds for each run. A run that ends leaves its last
 * state above the others.
 */
import { drawOn } from './draw.ts'
import type { Draw } from './draw.ts'
import { PLAIN_EVERY_MS, canDraw, plainDisplay } from './line.ts'
import { paintFor } from './paint.ts'
import { screen } from './screen.ts'
import type { Pause } from './screen.ts'
import type { Progress } from '../core/progress.ts'

export type { Pause } from './screen.ts'

export interface SharedDisplay {
  show(progress: Progress, pauses: readonly Pause[]): void
  /** Leaves the last state. */
  done(): void
}

/** More runs than this are counted in one line. */
const SHOWN_RUNS = 5

interface Drawn {
  text: string
}

/** What is drawn on a terminal now. */
interface Block {
  readonly draw: Draw
  readonly runs: Set<Drawn>
}

let opening: Promise<Block> | undefined

export async function joinDisplay(stream: NodeJS.WriteStream): Promise<SharedDisplay> {
  return canDraw(stream) ? drawn(stream, await openBlock(stream)) : plain(stream)
}

/** A run that ends before its first line is due prints none. */
function plain(stream: NodeJS.WriteStream): SharedDisplay {
  let isWritten = false
  const write = (text: string): void => {
    isWritten = true
    stream.write(text)
  }
  const display = plainDisplay(write, performance, PLAIN_EVERY_MS)
  return {
    show: progress => display.show(progress),
    done() {
      if (isWritten) display.done()
    },
  }
}

function openBlock(stream: NodeJS.WriteStream): Promise<Block> {
  opening ??= (async () => {
    return { draw: await drawOn(stream), runs: new Set<Drawn>() }
  })()
  return opening
}

function drawn(stream: NodeJS.WriteStream, { draw, runs }: Block): SharedDisplay {
  const own: Drawn = { text: '' }
  const paint = paintFor(stream)
  runs.add(own)
  return {
    show(progress, pauses) {
      own.text = screen(progress, pauses, stream.columns, paint)
      draw(blockOf(runs))
    },
    done() {
      if (!runs.delete(own)) return
      draw.clear()
      if (own.text !== '') stream.write(`${own.text}\n`)
      if (runs.size > 0) draw(blockOf(runs))
      else draw.done()
    },
  }
}

function blockOf(runs: ReadonlySet<Drawn>): string {
  const texts = [...runs].map(({ text }) => text).filter(text => text !== '')
  const more = texts.length - SHOWN_RUNS
  return [...texts.slice(0, SHOWN_RUNS), ...(more > 0 ? [`  … and ${more} more`] : [])].join('\n')
}
