/** Reads mutated responses with our reader and with Node's parser, and counts why they differ. */
import { ReaderConnection, isSameRead, isSameResponse, readResponse } from '../h1-reader.ts'
import type { ReadResponse } from '../h1-reader.ts'
import { Mutants } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { readByNode } from './node-reader.ts'
import { RULES, finalOf } from './rules.ts'
import type { Rule } from './rules.ts'

export interface FuzzResult {
  readonly same: number
  /** By the name of the rule. */
  readonly explained: ReadonlyMap<string, number>
  /** One line of JSON each. */
  readonly unexplained: readonly string[]
}

const MAX_UNEXPLAINED = 20

/** Our result, or two that must not differ: in one piece, in several, and again over the connection that knows the head. */
function readByUs(connection: ReaderConnection, { bytes, cuts, method }: Mutant): ReadResponse | ReadResponse[] {
  const whole = connection.read(bytes, [], method)
  const again = connection.read(bytes, [], method)
  const cut = connection.read(bytes, cuts, method)
  if (!isSameRead(whole, cut)) return [whole, cut]
  return isSameRead(whole, again) ? whole : [whole, again]
}

/** The rule that explains how Node's parser differs from us. Undefined: none does. */
function ruleFor({ bytes, method }: Mutant, ours: ReadResponse, node: ReadResponse): Rule | undefined {
  const text = bytes.toString('latin1')
  const difference = { text, final: finalOf(text), ours, node }
  const rule = RULES.find(({ applies }) => applies(difference))
  if (rule?.rewrite === undefined) return rule
  const rewritten = { bytes: Buffer.from(rule.rewrite(difference), 'latin1'), cuts: [], method }
  const oursAgain = readResponse(rewritten.bytes, [], method)
  if (rewritten.bytes.equals(bytes) || !isSameRead(ours, oursAgain)) return undefined
  const nodeAgain = readByNode(rewritten.bytes, method)
  return isAgreed(ours, nodeAgain) || ruleFor(rewritten, oursAgain, nodeAgain) !== undefined ? rule : undefined
}

const isAgreed = (ours: ReadResponse, node: ReadResponse): boolean =>
  isSameResponse(ours, node) && ours.isSurplus === node.isSurplus

const shown = ({ verdict, why, status, headers, body, isSurplus }: ReadResponse): object => ({
  verdict,
  why,
  status,
  headers,
  body: body.toString('latin1'),
  isSurplus,
})

export function fuzz(seed: number, count: number): FuzzResult {
  const mutants = new Mutants(seed)
  const connection = new ReaderConnection()
  const explained = new Map(RULES.map(({ name }): [string, number] => [name, 0]))
  const unexplained: string[] = []
  let same = 0
  const report = (number: number, { bytes, cuts, method }: Mutant, results: readonly ReadResponse[]): void => {
    const input = bytes.toString('latin1')
    unexplained.push(JSON.stringify({ seed, number, method, cuts, input, results: results.map(shown) }))
  }
  for (let number = 0; number < count && unexplained.length < MAX_UNEXPLAINED; number++) {
    const mutant = mutants.next()
    const ours = readByUs(connection, mutant)
    if (Array.isArray(ours)) {
      report(number, mutant, ours)
      continue
    }
    const node = readByNode(mutant.bytes, mutant.method)
    if (isAgreed(ours, node)) {
      same++
      continue
    }
    const rule = ruleFor(mutant, ours, node)
    if (rule === undefined) report(number, mutant, [ours, node])
    else explained.set(rule.name, (explained.get(rule.name) ?? 0) + 1)
  }
  return { same, explained, unexplained }
}
