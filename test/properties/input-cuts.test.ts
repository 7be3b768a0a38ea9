/**
 * An input gives the same rows and lines however it is cut into pieces, valid or not, in any encoding. CSV that another
 * writer made is read back as it was.
 */
import { stringify } from 'csv-stringify/sync'
import { expect, it } from 'vitest'
import { TSV, readLines, readTable } from '../cli/input/read.ts'
import { fc } from '../support/property.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const RUNS = runs(400)

/** Mostly characters with a meaning to the reader. */
const nasty = fc
  .array(fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', ';', '\t', ' ', 'a', 'é', '€', '😀', 'sep=;', '\0'), {
    maxLength: 40,
  })
  .map(parts => parts.join(''))

const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.array(fc.constantFrom('"', ',', '\n', '\r\n', ' ', 'x', 'ü', '😀'), { maxLength: 5 }).map(parts => parts.join('')),
)
/** Without NUL characters, which are not text. */
const table = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('\n', '\r\n', '\r')).chain(([width, end]) =>
  fc.record({
    rows: fc.array(
      fc.array(
        cell.map(text => text.replaceAll('\0', '0')),
        { minLength: width, maxLength: width },
      ),
      {
        maxLength: 8,
      },
    ),
    width: fc.constant(width),
    end: fc.constant(end),
  }),
)

/** Positions in a text of that length. */
const cuts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 12 })

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map(place => place % (bytes.length + 1)).toSorted((a, b) => a - b)
  return [...sorted, bytes.length].map((place, at) => bytes.subarray(sorted[at - 1] ?? 0, place))
}

const encoded = fc.tuple(nasty, fc.constantFrom('utf8', 'utf16le', 'latin1')).map(([text, encoding]) => {
  const marked = encoding === 'utf16le' ? `\uFEFF${text}` : text
  return Buffer.from(marked, encoding as BufferEncoding)
})

it(
  `a table gives the same rows, lines and problems wherever it is cut (${SEEDED})`,
  { timeout: limitMs() },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        encoded,
        cuts,
        fc.boolean(),
        fc.constantFrom(12, 2 ** 24),
        async (bytes, places, isTsv, maxLine) => {
          const options = { ...(isTsv ? TSV : {}), maxLine }
          const whole = await readTable(Buffer.concat([Buffer.from('h,i\n'), bytes]), options)
          expect(await readTable([Buffer.from('h,i\n'), ...cut(bytes, places)], options)).toEqual(whole)
          const bare = await readTable(bytes, options)
          expect(await readTable(cut(bytes, places), options)).toEqual(bare)
        },
      ),
      { numRuns: RUNS },
    )
  },
)

it(`lines are the same wherever the input is cut (${SEEDED})`, { timeout: limitMs() }, async () => {
  await fc.assert(
    fc.asyncProperty(encoded, cuts, fc.constantFrom(3, 2 ** 24), async (bytes, places, maxLine) => {
      expect(await readLines(cut(bytes, places), { maxLine })).toEqual(await readLines(bytes, { maxLine }))
    }),
    { numRuns: RUNS },
  )
})

it(`what another writer wrote as CSV is read back unchanged (${SEEDED})`, { timeout: limitMs() }, async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      cuts,
      fc.constantFrom(',', ';', '\t', '|'),
      async ({ rows, width, end }, places, delimiter) => {
        const header = Array.from({ length: width }, (_, at) => `c${at}`)
        const text = stringify([header, ...rows], {
          delimiter,
          record_delimiter: end,
          quoted_empty: true,
          quoted_match: /^\s|[\r\n]/,
        })
        const read = await readTable(cut(Buffer.from(text), places), { delimiter, isFixed: true })
        expect([read.columns, read.rows.map(([, cells]) => cells), read.refused]).toEqual([header, rows, undefined])
      },
    ),
    { numRuns: RUNS },
  )
})
