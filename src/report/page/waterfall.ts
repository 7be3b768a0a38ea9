/** The attempts of one request as a waterfall: one bar each, from its wait to the end of its body. */
import { make, shown } from './dom.ts'
import type { RequestReport, TryReport } from '../data.ts'
import { duration } from '../words.ts'

interface Part {
  readonly phase: string
  readonly fromMs: number
  readonly ms: number
}

interface Bar {
  readonly label: string
  readonly parts: readonly Part[]
}

/** In the order in which they happen in an attempt. */
const ATTEMPT = ['dns', 'connect', 'tls', 'firstByte', 'body'] as const
const BEFORE = ['queue', 'limiter', 'backoff', 'polling'] as const

export function waterfall(request: RequestReport): HTMLElement {
  const { bars, note } = request.tries === undefined ? single(request) : several(request.tries)
  const endMs = Math.max(...bars.flatMap(({ parts }) => parts.map(({ fromMs, ms }) => fromMs + ms)), 0)
  const phases = [...new Set(bars.flatMap(({ parts }) => parts.map(({ phase }) => phase)))]
  if (endMs === 0) return make('p', { class: 'quiet' }, 'No times are recorded.')
  return make(
    'figure',
    { class: 'waterfall' },
    make('figcaption', {}, note),
    make('ol', {}, ...bars.map(bar => row(bar, endMs))),
    make('p', { class: 'legend' }, ...phases.map(phase => make('span', {}, make('i', { class: `p-${phase}` }), phase))),
  )
}

/** Only the sums of all attempts are known. */
function single({ timings, attempts }: RequestReport): { bars: Bar[]; note: string } {
  const parts = inRow(0, [...BEFORE, ...ATTEMPT], timings)
  const known = parts.reduce((sum, { ms }) => sum + ms, 0)
  const rest = (timings['total'] ?? 0) - known
  if (rest > known / 100) parts.push({ phase: 'other', fromMs: known, ms: rest })
  return {
    bars: [{ label: attempts > 1 ? `${attempts} attempts` : '', parts }],
    note: attempts > 1 ? 'Where the time went, all attempts together' : 'Where the time went',
  }
}

function several(tries: readonly TryReport[]): { bars: Bar[]; note: string } {
  const bars = tries.map(({ startMs, delayMs, status, code, timings, url, poll }, index): Bar => {
    const parts = inRow(startMs, ATTEMPT, timings)
    const known = parts.reduce((sum, { ms }) => sum + ms, 0)
    const rest = (timings['total'] ?? 0) - known
    if (rest > known / 100) parts.push({ phase: 'other', fromMs: startMs + known, ms: rest })
    if (delayMs > 0) parts.unshift({ phase: 'delay', fromMs: Math.max(0, startMs - delayMs), ms: delayMs })
    const kind = poll === undefined ? (url === undefined ? '' : ' redirect') : ' poll'
    const what = code ?? (status === undefined ? '' : String(status))
    return { label: `${index + 1}. ${shown(what)}${kind}`, parts }
  })
  return { bars, note: `${tries.length} attempts` }
}

function inRow(startMs: number, phases: readonly string[], timings: RequestReport['timings']): Part[] {
  let fromMs = startMs
  const parts: Part[] = []
  for (const phase of phases) {
    const ms = timings[phase] ?? 0
    if (ms <= 0) continue
    parts.push({ phase, fromMs, ms })
    fromMs += ms
  }
  return parts
}

function row({ label, parts }: Bar, endMs: number): HTMLElement {
  const track = make('div', { class: 'track', 'aria-hidden': 'true' })
  for (const { phase, fromMs, ms } of parts) {
    const bar = make('span', { class: `p-${phase}` })
    bar.style.left = `${(100 * fromMs) / endMs}%`
    bar.style.width = `${Math.max(0.3, (100 * ms) / endMs)}%`
    track.append(bar)
  }
  const words = parts.map(({ phase, ms }) => `${phase} ${duration(ms)}`).join(', ')
  return make('li', {}, make('span', { class: 'try' }, label), track, make('span', { class: 'quiet' }, words))
}
