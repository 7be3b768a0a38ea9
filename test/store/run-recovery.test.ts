import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError } from '../../src/core/error.ts'
import type { DoneLine, IntentLine } from '../../src/core/journal.ts'
import { readLines } from '../../src/store/line-reader.ts'
import { Recovery, TAIL_BYTES } from '../../src/store/recovery.ts'
import type { KeptContent } from '../../src/store/recovery.ts'
import { openRunFile } from '../../src/store/run-file.ts'
import { randomFrom, seed } from '../support/property.ts'
import { doneLine, failedLine, folder, intentLine, textOf } from '../support/run-lines.ts'
import { sized } from '../support/size.ts'

const WAYS = sized(10_000, 500)
const LINES = sized(2_000, 300)
const NEWLINE = 0x0a
const newPath = (): string => join(folder(), 'run.jsonl')
const open = (path: string) => openRunFile(path, { durability: 'process' })

/** Every third request failed, and every fifth one was unsafe. */
function runOf(count: number): (DoneLine | IntentLine)[] {
  return Array.from({ length: count }, (_, index) => [
    ...(index % 5 === 0 ? [intentLine(index, `key ${index}`)] : []),
    index % 3 === 0 ? failedLine(index) : doneLine(index),
  ]).flat()
}

/** Opens a run file, on bytes in memory. */
function recover(bytes: Buffer): { readonly recovery: Recovery; readonly kept: KeptContent } {
  const recovery = new Recovery('the run file', bytes.length)
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    recovery.take(bytes.subarray(start, end), start)
    start = end + 1
  }
  return { recovery, kept: recovery.end({ bytes: bytes.subarray(start), offset: start }) }
}

/** Enough valid lines that whatever precedes them is too far from the end for a crash. */
const FAR = textOf(...Array.from({ length: 400 }, (_, i) => doneLine(i + 100)))

async function refusal(path: string): Promise<string> {
  const error: unknown = await open(path).then(
    journal => journal.close(),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message
}

describe('a torn end', () => {
  it(`of every length loses only the torn line, for every prefix of ${LINES} lines`, () => {
    const bytes = Buffer.from(textOf(...runOf(LINES)))
    const recovery = new Recovery('the run file', bytes.length)
    let start = 0
    let lines = 0
    for (let length = 0; length <= bytes.length; length++) {
      if (length > 0 && bytes[length - 1] === NEWLINE) {
        recovery.take(bytes.subarray(start, length - 1), start)
        start = length
        lines++
      }
      const { bytes: kept, dropped } = recovery.end({ bytes: bytes.subarray(start, length), offset: start })
      const torn = length - start
      // Not with expect: this runs half a million times.
      if (kept !== start) throw new Error(`of ${length} bytes kept ${kept} and not ${start}`)
      if (torn === 0 ? dropped !== undefined : dropped?.bytes !== torn || dropped.lines !== 1) {
        throw new Error(`of ${length} bytes dropped ${JSON.stringify(dropped)} and not ${torn}`)
      }
      if (dropped !== undefined && dropped.firstLine !== lines + 1) throw new Error(`torn at line ${dropped.firstLine}`)
    }
    expect([lines, recovery.size]).toEqual([1.2 * LINES, LINES])
  })

  it('is truncated, and the next line is written in its place', async () => {
    const run = runOf(20)
    const bytes = Buffer.from(textOf(...run))
    const ends = run.map((_, i) => textOf(...run.slice(0, i + 1)).length)
    expect(Buffer.byteLength(textOf(run[0] as DoneLine))).toBe(ends[0])
    const random = randomFrom(seed)
    for (let round = 0; round < sized(100, 20); round++) {
      const path = newPath()
      const length = Math.floor(random() * (bytes.length + 1))
      writeFileSync(path, bytes.subarray(0, length))
      // oxlint-disable no-await-in-loop -- One file after the other.
      const journal = await open(path)
      const whole = bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1
      expect(readFileSync(path), `seed ${seed}, length ${length}`).toEqual(bytes.subarray(0, whole))
      expect(journal.dropped?.bytes ?? 0).toBe(length - whole)
      for (let index = 0; index < journal.size; index++) {
        if (journal.known(`#${index}`) === undefined) expect(journal.intent(`#${index}`)).toBeDefined()
        else expect(await journal.read(`#${index}`)).toEqual(index % 3 === 0 ? failedLine(index) : doneLine(index))
      }
      await journal.append(doneLine(77))
      await journal.close()
      // oxlint-enable no-await-in-loop
      expect(readFileSync(path, 'utf8')).toBe(bytes.toString('utf8', 0, whole) + textOf(doneLine(77)))
    }
  })
})

describe('damage at the end', () => {
  type Damage = (bytes: Buffer, random: (below: number) => number, from: number) => Buffer
  const DAMAGES: Readonly<Record<string, Damage>> = {
    'one flipped bit': (bytes, random, from) => {
      const at = from + random(bytes.length - from)
      bytes[at] = (bytes[at] as number) ^ (1 << random(8))
      return bytes
    },
    'several flipped bits': (bytes, random, from) => {
      for (let i = 2 + random(12); i > 0; i--) {
        const at = from + random(bytes.length - from)
        bytes[at] = (bytes[at] as number) ^ (1 << random(8))
      }
      return bytes
    },
    'zeros to the end': (bytes, random, from) => bytes.fill(0, from + random(bytes.length - from)),
    'a block of zeros': (bytes, random, from) => {
      const at = from + random(bytes.length - from)
      return bytes.fill(0, at, Math.min(bytes.length, at + 1 + random(700)))
    },
    'noise to the end': (bytes, random, from) => {
      for (let at = from + random(bytes.length - from); at < bytes.length; at++) bytes[at] = random(256)
      return bytes
    },
    'a cut': (bytes, random, from) => bytes.subarray(0, from + random(bytes.length - from)),
    'a block twice': (bytes, random, from) => {
      const [start, at] = [from + random(bytes.length - from), from + random(bytes.length - from)]
      const block = bytes.subarray(start, start + 1 + random(700))
      return Buffer.concat([bytes.subarray(0, at), block, bytes.subarray(at)])
    },
    'a block over another': (bytes, random, from) => {
      const [start, at] = [from + random(bytes.length - from), from + random(bytes.length - from)]
      bytes.copyWithin(at, start, start + 1 + random(700))
      return bytes
    },
    'a cut and a flipped bit': (bytes, random, from) => {
      const rest = bytes.subarray(0, from + 1 + random(bytes.length - from - 1))
      const at = from + random(rest.length - from)
      rest[at] = (rest[at] as number) ^ (1 << random(8))
      return rest
    },
  }

  it(`is dropped without adding or losing a line before it, in ${WAYS} ways`, () => {
    const lines = runOf(16)
    const whole = Buffer.from(textOf(...lines))
    const originals = new Set(whole.toString('latin1').split('\n'))
    // The end: about eight lines.
    const from = whole.length - 2_200
    const random = randomFrom(seed)
    const below = (limit: number): number => Math.floor(random() * limit)
    const kinds = Object.entries(DAMAGES)
    const counts = { cut: 0, blanked: 0 }
    for (let round = 0; round < WAYS; round++) {
      const [kind, damage] = kinds[round % kinds.length] as (typeof kinds)[number]
      const bytes = damage(Buffer.from(whole), below, from)
      const note = `seed ${seed}, round ${round}: ${kind}`
      // The reference: whether a line is there as it was written.
      const found = bytes.toString('latin1').split('\n')
      const rest = found.pop() as string
      const good = found.map(line => originals.has(line) && line !== '')
      const isNothing = (line: string): boolean => /^[\t\r ]*$/.test(line)
      const { recovery, kept } = recover(bytes)
      // Adds nothing …
      for (let index = 0; index < recovery.size; index++) {
        const place = recovery.done.get(`#${index}`)
        const shown = place && bytes.toString('latin1', place.offset, place.offset + place.length)
        if (shown !== undefined && !originals.has(shown)) throw new Error(`${note} invented ${shown}`)
      }
      // … and loses only what is damaged: every line that is there as it was written is known.
      const standing = found.filter((_line, i) => good[i]).map(line => JSON.parse(line) as DoneLine | IntentLine)
      for (const line of standing) {
        const known =
          'intent' in line
            ? (line as IntentLine).intent.index < recovery.size
            : recovery.done.get(`#${line.index}`) !== undefined
        if (!known) throw new Error(`${note} lost ${JSON.stringify(line)}`)
      }
      const bad = found.filter((line, i) => !good[i] && !isNothing(line))
      expect(kept.dropped?.lines ?? 0, note).toBe(bad.length + (rest === '' ? 0 : 1))
      expect(kept.dropped !== undefined, note).toBe(bad.length > 0 || rest !== '')
      // Later lines are written after complete ones, and the next opening finds no damage.
      const cleaned = Buffer.from(bytes.subarray(0, kept.bytes))
      for (const { offset, length } of kept.blanks) cleaned.fill(' ', offset, offset + length)
      const again = recover(cleaned)
      expect(again.kept.dropped, note).toBeUndefined()
      expect(again.recovery.size, note).toBe(recovery.size)
      counts[kept.blanks.length > 0 ? 'blanked' : 'cut']++
    }
    console.log(`seed ${seed}:`, counts)
    expect(counts.blanked).toBeGreaterThan(WAYS / 10)
    expect(counts.cut).toBeGreaterThan(WAYS / 10)
  })

  it('is truncated and reported with its number of lines and the first of them', async () => {
    const path = newPath()
    const good = textOf(doneLine(0), doneLine(1))
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(good), Buffer.alloc(300), Buffer.from('\n{"v":1,"ind\n\xff\n{"v":1')]),
    )
    const journal = await open(path)
    expect(journal.dropped).toEqual({ bytes: 300 + 1 + 12 + 3 + 6, lines: 4, firstLine: 3, isTorn: false })
    expect(journal.size).toBe(2)
    await journal.close()
    expect(readFileSync(path, 'utf8')).toBe(good)
  })

  it.each([
    ['zeros', Buffer.alloc(4_096)],
    ['a torn first line', Buffer.from('{"v":1,"index":0,"id":"a')],
    ['a damaged first line', Buffer.from('{"v":1,"index":0,"id":\u0000}\n')],
    ['a torn first intent', Buffer.from('{"inte')],
    ['only blank lines', Buffer.from('\n \n')],
  ])('may be all that the file holds: %s', async (_, content) => {
    const path = newPath()
    writeFileSync(path, content)
    const journal = await open(path)
    expect(journal.size).toBe(0)
    await journal.append(doneLine(0))
    await journal.close()
    expect(readFileSync(path, 'utf8').trimStart()).toBe(textOf(doneLine(0)))
  })
})

describe('a line that is not valid', () => {
  const { at: _, ...noTime } = doneLine(1)
  const { id: __, ...noId } = doneLine(1)
  const json = (line: object): string => `${JSON.stringify(line)}\n`

  it.each([
    ['without an id', json(noId), 'id: expected a text, got nothing'],
    ['without a time', json(noTime), 'at: expected a time as in 2026-01-31T12:00:00.000Z, got nothing'],
    ['with a text for the index', json({ ...doneLine(1), index: '1' }), 'index: expected an integer ≥ 0, got "1"'],
    ['with a text for ok', json({ ...doneLine(1), ok: 'yes' }), 'ok: expected true or false, got "yes"'],
    ['with an index below 0', json({ ...doneLine(1), index: -1 }), 'index: expected an integer ≥ 0, got -1'],
    ['with no attempts', json({ ...doneLine(1), attempts: null }), 'attempts: expected an integer ≥ 0, got null'],
    [
      'that failed without an error',
      json({ ...doneLine(1), ok: false }),
      'error: expected one where ok is false, got none',
    ],
    [
      'with an error without code',
      json({ ...doneLine(1), error: {} }),
      'error: expected an object with the texts code',
    ],
    [
      'whose bytes are a number',
      json({ ...doneLine(1), value: 5, encoding: 'base64' }),
      'value: expected a text where encoding',
    ],
    ['with an empty intent', json({ intent: {} }), 'intent.v: expected 1 or 2, got nothing'],
    ['that is a list', '[1,2]\n', 'it is a list, expected an object'],
    ['that is not JSON, before valid ones', 'hello\n', 'it is not JSON'],
    ['that is not UTF-8, before valid ones', '\xff\n', 'it is not UTF-8'],
    ['edited by hand', textOf(doneLine(1)).replace('"n":7', '"n":8'), 'it is not as it was written: its crc differs'],
    ['edited by hand into an invalid one', textOf(doneLine(1)).replace('true', '"y"'), 'ok: expected true or false'],
  ])(
    '%s is refused with its number if it is far from the end, and the file is not changed',
    async (_title, line, problem) => {
      const path = newPath()
      const content = Buffer.concat([
        Buffer.from(`${textOf(doneLine(0))}\n`),
        Buffer.from(line, line.includes('\xff') ? 'latin1' : 'utf8'),
        Buffer.from(textOf(doneLine(2)) + FAR),
      ])
      expect(FAR.length).toBeGreaterThan(TAIL_BYTES)
      writeFileSync(path, content)
      const message = await refusal(path)
      expect(message).toContain(`run.jsonl", line 3 cannot be used: ${problem}`)
      expect(message).toContain('Delete this line to have its request sent again')
      expect(readFileSync(path)).toEqual(content)
    },
  )

  it('is refused even at the end of a file without checksums, where a crash looks like an edit', async () => {
    const path = newPath()
    writeFileSync(path, json(doneLine(0)) + json(noId))
    expect(await refusal(path)).toContain('line 2 cannot be used: id: expected a text, got nothing')
  })

  it('is dropped near the end, where a crash can have caused it: reported, blanked, and its request sent again', async () => {
    const path = newPath()
    const lines = [
      textOf(doneLine(0)),
      textOf(doneLine(1)).replace('"n":7', '"n":8'),
      textOf(intentLine(2, 'k'), doneLine(3)),
    ]
    writeFileSync(path, lines.join(''))
    const journal = await open(path)
    expect(journal.dropped).toMatchObject({ lines: 1, firstLine: 2 })
    expect([0, 1, 2, 3].map(index => journal.known(`#${index}`)?.ok)).toEqual([true, undefined, undefined, true])
    expect(journal.intent('#2')).toMatchObject({ idempotencyKey: 'k' })
    await journal.close()
    const after = readFileSync(path, 'utf8')
    expect(after).toBe(`${lines[0]}${' '.repeat(Buffer.byteLength(lines[1] as string) - 1)}\n${lines[2]}`)
    const again = await open(path)
    expect(again.dropped).toBeUndefined()
    await again.close()
  })

  it('is dropped there too if it has no checksum and the lines before it have one', async () => {
    const path = newPath()
    writeFileSync(path, textOf(doneLine(0)) + json(doneLine(1)) + textOf(doneLine(2)))
    const journal = await open(path)
    expect(journal.dropped).toMatchObject({ lines: 1, firstLine: 2 })
    expect([0, 1, 2].map(index => journal.known(`#${index}`)?.ok)).toEqual([true, undefined, true])
    await journal.close()
    writeFileSync(path, textOf(doneLine(0)) + json(doneLine(1)) + FAR)
    expect(await refusal(path)).toContain('line 2 cannot be used: it has no crc as the lines before it have')
  })

  it('is reported as the first of several', async () => {
    const path = newPath()
    writeFileSync(path, `${json(doneLine(0))}hello\n${json(noId)}`)
    expect(await refusal(path)).toContain('line 2 cannot be used: it is not JSON')
  })

  it.each([
    ['the first of many', textOf({ ...doneLine(0), v: 3 } as unknown as DoneLine) + textOf(doneLine(1)), 1],
    ['the only one', textOf({ ...doneLine(0), v: 3 } as unknown as DoneLine), 1],
    ['the last one', textOf(doneLine(0), { ...doneLine(1), v: 3 } as unknown as DoneLine), 2],
    ['another format', `${textOf(doneLine(0))}{"v":7}\n`, 2],
    ['an intent', `${textOf(doneLine(0))}{"intent":{"v":3}}\n`, 2],
  ])('is of a newer version: %s', async (_title, content, number) => {
    const path = newPath()
    writeFileSync(path, content)
    expect(await refusal(path)).toMatch(
      new RegExp(
        `line ${number}: expected version 1 or 2, got \\d: it was written by a newer version .* Update the package`,
      ),
    )
    expect(readFileSync(path, 'utf8')).toBe(content)
  })
})

describe('reading', () => {
  it('accepts what editors and other programs write: a byte-order mark, other line ends, blank lines, no checksum', async () => {
    const path = newPath()
    const plain = `${JSON.stringify(doneLine(2), null, 1).replaceAll(/\n\s*/g, ' ')}\n`
    const content = `\uFEFF${plain}\n  \n${textOf(doneLine(0), failedLine(1))}`.replaceAll('\n', '\r\n')
    writeFileSync(path, content)
    const journal = await open(path)
    expect(journal.dropped).toBeUndefined()
    expect(await Promise.all([journal.read('#0'), journal.read('#1'), journal.read('#2')])).toEqual([
      doneLine(0),
      failedLine(1),
      doneLine(2),
    ])
    await journal.append(doneLine(3))
    await journal.close()
    expect(readFileSync(path, 'utf8')).toBe(content + textOf(doneLine(3)))
  })

  it('streams: lines are complete for every buffer size, smaller than a line or larger than the file', async () => {
    const path = newPath()
    const lines = ['a', '', 'bc', 'x'.repeat(300), 'ü💡', 'd'.repeat(64), 'last']
    writeFileSync(path, lines.join('\n'))
    const fd = openSync(path, 'r')
    onTestFinished(() => closeSync(fd))
    for (const chunk of [1, 2, 3, 7, 64, 65, 299, 300, 301, 10_000]) {
      const seen: string[] = []
      let offset = 0
      // oxlint-disable-next-line no-await-in-loop -- One size after the other.
      const rest = await readLines(
        fd,
        (bytes, at) => {
          expect(at).toBe(offset)
          offset += bytes.length + 1
          seen.push(bytes.toString())
        },
        chunk,
      )
      expect([...seen, rest?.bytes.toString()], `chunk ${chunk}`).toEqual(lines)
      expect(rest?.offset).toBe(offset)
    }
  })
})
