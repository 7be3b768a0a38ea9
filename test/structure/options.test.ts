import { describe, expect, it } from 'vitest'
import { optionTable } from '../../scripts/reference/options.ts'
import type { BatchDrainOptions, CallOptions, StreamCallOptions } from '../../src/client/infer.ts'
import { printedDefault } from '../../src/config/literal.ts'
import type { AnyOption } from '../../src/config/option.ts'
import { OPTIONS, OPTION_NAMES } from '../../src/config/table.ts'
import type { OptionName } from '../../src/config/table.ts'
import type { ClientOptions, RequestOptions, SharedOptions } from '../../src/core/options.ts'

const rows = OPTION_NAMES.map(name => ({ name, row: OPTIONS[name] as AnyOption }))

describe('the option table', () => {
  it.each(rows)('documents $name with a sentence, a default and a unit', ({ row }) => {
    expect(row.doc).toMatch(/^[`'A-Z].{10,}\.$/s)
    expect(printedDefault(row)).not.toBe('')
    expect(row.unit).not.toBe('')
  })

  it('has a unit for every option that takes a number', () => {
    const takes = (row: AnyOption, value: unknown): boolean => row.read(value, 'x', []) !== undefined
    // `json` accepts numbers like any other data, so it has no unit.
    const numbers = rows.filter(({ row }) => takes(row, 1_000) && !takes(row, [[1_000]]))
    expect(numbers.length).toBeGreaterThan(5)
    expect(numbers.filter(({ row }) => row.unit === '–').map(({ name }) => name)).toEqual([])
  })

  it('has an entry for every name of the types, and no other', () => {
    type Typed = keyof (SharedOptions &
      ClientOptions &
      RequestOptions &
      CallOptions &
      StreamCallOptions &
      BatchDrainOptions)
    // Each line fails to compile if a name is missing on one side.
    const typed: (name: OptionName) => Typed = name => name
    const listed: (name: Typed) => OptionName = name => name
    expect(OPTION_NAMES.map(typed).map(listed)).toEqual(OPTION_NAMES)
  })
})

describe('the generator of the option table', () => {
  it('keeps one line per option and five cells per line', () => {
    const lines = optionTable().split('\n')
    expect(lines).toHaveLength(OPTION_NAMES.length + 2)
    expect(lines.filter(line => line.split(/(?<!\\)\|/).length !== 7)).toEqual([])
  })
})
