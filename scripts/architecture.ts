/**
 * Draws docs/design/architecture.svg: the rooms of src/ in the order of their ranks, with the imports between them as
 * they are. With `--check` it only says whether the picture is up to date. Text is plain SVG, so that a diff can be read.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { RANKS } from '../test/support/rooms.ts'
import { folderOf, sources, targetOf } from '../test/support/sources.ts'

export const PICTURE = 'docs/design/architecture.svg'

/** What each room is for, in two short lines. `client` is drawn as one frame around three rooms. */
const ROOMS: Readonly<Record<string, readonly [string, string]>> = {
  cli: ['the command line preq', 'flags, inputs, outputs, exit codes'],
  index: ['the public entry', 'exports only'],
  distributed: ['many processes: limits', 'shared through Redis'],
  client: ['classes and functions that are called', 'wire.ts: the order of the layers'],
  'client/run': ['one batch: items, run file', 'settling, progress'],
  'client/threads': ['the sync call', 'the worker threads'],
  engine: ['pulls the input, starts calls', 'hands out outcomes'],
  layer: ['deadline, redirect, retry, gate', 'session, timeout'],
  report: ['what happened', 'in a run'],
  otel: ['spans', 'and metrics'],
  sinks: ['where outcomes', 'are written'],
  store: ['cookies', 'and the run file'],
  codec: ['bytes become', 'values'],
  paginate: ['what follows', 'a page'],
  policy: ['decisions: limits', 'back-off, judge'],
  transport: ['sockets, HTTP/1.1', 'HTTP/2, proxies'],
  display: ['progress', 'on a terminal'],
  testing: ['mock transport', 'virtual clock'],
  config: ['options become plans', 'specs become Calls'],
  disk: ['how files are made', 'and replaced'],
  core: ['types, ports and pure functions', 'no I/O, no timers'],
}

/** From left to right, top row first. Within a row there are no imports, except in the frame of `client`. */
const ROWS: readonly (readonly string[])[] = [
  ['cli'],
  ['index', 'distributed'],
  ['client/run', 'client', 'client/threads'],
  ['engine', 'layer', 'report', 'otel'],
  ['sinks', 'store', 'codec', 'paginate', 'policy', 'transport', 'display', 'testing'],
  ['disk', 'config'],
  ['core'],
]

const WIDTH = 1_000
const ROW_HEIGHT = 128
const BOX_HEIGHT = 82
const TOP = 46
const FRAME = 12

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
}

/** `client/run` and `client/threads` are rooms of their own; everything else is a folder of src/. */
export function roomOf(path: string): string {
  const nested = /^src\/(client\/(?:run|threads))\//.exec(path)
  return nested?.[1] ?? folderOf(path)
}

/** Which rooms each room imports from. */
export function importsOfRooms(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { path, imports } of sources) {
    const from = roomOf(path)
    const known = found.get(from) ?? new Set()
    found.set(from, known)
    for (const { specifier } of imports) {
      const target = targetOf(path, specifier)
      if (target !== undefined && roomOf(target) !== from) known.add(roomOf(target))
    }
  }
  return found
}

/** The whole picture. Throws when a room of src/ has no place in it. */
export function picture(): string {
  const imports = importsOfRooms()
  const missing = [...imports.keys()].filter(room => !ROWS.flat().includes(room))
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')}: expected a place in ROWS and words in ROOMS, got none.`)
  const boxes = new Map(ROWS.flatMap((row, index) => placed(row, index)))
  const height = TOP + ROWS.length * ROW_HEIGHT + 10
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif">`,
    '<title>The folders of src/ and the imports between them</title>',
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path d="M0 0L8 4L0 8z" fill="#5b6b7b"/></marker></defs>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    '<text x="16" y="24" font-size="14" fill="#1c2733">An arrow is an import, and the last line of a box names them all. Every folder imports core; those are left out.</text>',
    ...ROWS.map(rankLabel),
    frameOf(boxes),
    ...arrows(imports).map(([from, to]) => arrow(boxes, from, to)),
    ...[...boxes].map(([room, box]) => drawn(room, box, imports.get(room) ?? new Set())),
    '</svg>',
    '',
  ].join('\n')
}

function placed(row: readonly string[], index: number): [string, Box][] {
  const space = (WIDTH - 90) / row.length
  const width = Math.min(space - 14, row.length > 3 ? 140 : 250)
  return row.map((room, place) => [
    room,
    { x: Math.round(70 + space * place + (space - width) / 2), y: TOP + index * ROW_HEIGHT + 20, width },
  ])
}

function rankLabel(row: readonly string[], index: number): string {
  const rank = RANKS[(row[0] as string).split('/')[0] as string]
  return `<text x="16" y="${TOP + index * ROW_HEIGHT + 64}" font-size="13" fill="#8795a1">rank ${rank}</text>`
}

/** The room as arrows know it: those of the frame start and end at the frame. */
const outerOf = (room: string): string => room.split('/')[0] as string

/** Each pair once; without those to core, and without those within the frame. */
function arrows(imports: ReadonlyMap<string, ReadonlySet<string>>): [string, string][] {
  const pairs = new Set<string>()
  for (const [from, targets] of imports) {
    for (const to of targets) {
      if (to !== 'core' && outerOf(from) !== outerOf(to)) pairs.add(`${outerOf(from)} ${outerOf(to)}`)
    }
  }
  return [...pairs].toSorted().map(pair => pair.split(' ') as [string, string])
}

function outlineOf(boxes: ReadonlyMap<string, Box>, room: string): Box & { readonly height: number } {
  const inner = [...boxes].filter(([name]) => outerOf(name) === room).map(([, box]) => box)
  const [first, last] = [inner[0] as Box, inner.at(-1) as Box]
  if (inner.length === 1) return { ...first, height: BOX_HEIGHT }
  return {
    x: first.x - FRAME,
    y: first.y - FRAME,
    width: last.x + last.width - first.x + 2 * FRAME,
    height: BOX_HEIGHT + 2 * FRAME,
  }
}

function frameOf(boxes: ReadonlyMap<string, Box>): string {
  const { x, y, width, height } = outlineOf(boxes, 'client')
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="#eef3f8" stroke="#8795a1"/>`
}

/** A curve from the bottom of one room to the top of another, towards where the other lies. */
function arrow(boxes: ReadonlyMap<string, Box>, from: string, to: string): string {
  const [source, target] = [outlineOf(boxes, from), outlineOf(boxes, to)]
  const [middle, goal] = [source.x + source.width / 2, target.x + target.width / 2]
  const lean = Math.max(-0.46, Math.min(0.46, (goal - middle) / WIDTH))
  const [x1, y1] = [Math.round(middle + lean * source.width), source.y + source.height]
  const [x2, y2] = [Math.round(goal - lean * target.width * 0.8), target.y]
  const bend = Math.round((y2 - y1) / 2)
  const isNear = y2 - y1 < ROW_HEIGHT
  const path = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
  return `<path d="${path}" fill="none" stroke="${isNear ? '#3f5b76' : '#93a5b5'}" stroke-width="1.3" marker-end="url(#end)"><title>${from} imports ${to}</title></path>`
}

function drawn(room: string, { x, y, width }: Box, imports: ReadonlySet<string>): string {
  const [first, second] = ROOMS[room] as readonly [string, string]
  const middle = x + width / 2
  const text = (dy: number, size: number, words: string, more = ''): string =>
    `<text x="${middle}" y="${y + dy}" font-size="${size}" text-anchor="middle" fill="#1c2733"${more}>${words}</text>`
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${BOX_HEIGHT}" rx="6" fill="#dbe8f4" stroke="#3f5b76"/>`,
    text(19, 15, room, ' font-weight="600"'),
    text(36, 11, first),
    text(50, 11, second),
    ...namesOf(imports, width).map((names, line) => text(64 + 12 * line, 9.5, names, ' font-style="italic"')),
  ].join('')
}

/** The rooms that are imported, in one or two lines, the nearest rank first. */
function namesOf(imports: ReadonlySet<string>, width: number): string[] {
  const order = ROWS.flat()
  const names = [...imports].filter(room => room !== 'core').toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
  if (names.length === 0) return []
  const most = Math.floor(width / 5.2)
  const lines = ['→']
  for (const name of names) {
    if (`${lines.at(-1)} ${name}`.length > most) lines.push('')
    lines.push(`${lines.pop()} ${name}`.trim())
  }
  return lines
}

if (import.meta.main) {
  const fresh = picture()
  if (!process.argv.includes('--check')) writeFileSync(PICTURE, fresh)
  else if (readFileSync(PICTURE, 'utf8') !== fresh) {
    console.error(`${PICTURE}: expected the imports as they are, got another picture. Run \`npm run docs\`.`)
    process.exitCode = 1
  }
}
