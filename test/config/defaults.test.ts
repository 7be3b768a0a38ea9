/** What the documentation prints as a default is what a plan uses: both come from the entry of the option. */
import { expect, test } from 'vitest'
import { planClient } from '../../src/config/client-plan.ts'
import { printedDefault } from '../../src/config/literal.ts'
import type { AnyOption } from '../../src/config/option.ts'
import { planBatch } from '../../src/config/plan.ts'
import { OPTIONS } from '../../src/config/table.ts'
import type { Values } from '../../src/config/table.ts'
import { ConfigError } from '../../src/index.ts'

const entries = Object.entries(OPTIONS) as [string, AnyOption][]

/** Everything that is planned from the values; functions and identities compare by reference. */
function plans(values: Values): unknown {
  const { isAlike: _isAlike, values: _values, ...request } = planBatch(values, {}, 20).request
  return { client: planClient(values), batch: { ...planBatch(values, {}, 20), request } }
}

function read(name: string, literal: string): Values {
  const { read: reader } = OPTIONS[name as keyof typeof OPTIONS] as AnyOption
  const problems: string[] = []
  // oxlint-disable-next-line no-implied-eval, no-new-func -- what is printed is TypeScript
  const value = reader(new Function(`return ${literal}`)(), name, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return { [name]: value }
}

const PRINTED = entries.flatMap(([name, option]): [string, string][] => {
  const code = /^`([^`]+)`$/.exec(printedDefault(option))?.[1]
  return code === undefined || option.defaultText !== undefined ? [] : [[name, code]]
})

test('the options with a plain default print it as a value', () => {
  expect(PRINTED.length).toBeGreaterThan(25)
})

test.each(PRINTED)('%s: giving the printed default, %s, changes no plan', (name, literal) => {
  expect(plans(read(name, literal))).toEqual(plans({}))
})

test.each([
  ['retry', "{ backoff: { base: '500ms', max: '30s' } }", { retry: {} }],
  ['breaker', "{ failures: 5, window: '30s', cooldown: '10s' }", { breaker: true }],
  ['unknownWrites', "'fail'", { resume: 'run.jsonl' }],
  ['maxHeaderBytes', "'64KiB'", {}],
  ['cost', '1', {}],
] as const)('%s: the value in its text, %s, is the one in use', (name, literal, beside) => {
  expect(printedDefault(OPTIONS[name] as AnyOption)).toContain(literal.replaceAll(/^\{ (backoff.*) \}$/g, '$1'))
  expect(plans({ ...beside, ...read(name, literal) })).toEqual(plans(beside))
})

test.each(
  entries.filter(([, { default: value }]) => value !== undefined).map(([name, option]) => [name, option] as const),
)('%s: the default is the written one as the reader returns it', (_, { read: reader, written, default: value }) => {
  expect(reader(written, 'default', [])).toEqual(value)
})
