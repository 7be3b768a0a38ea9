/** What a request takes from the weighted limits: from its spec, from the options, or from the caller's function. */
import { readCosts } from './limit-input.ts'
import { nearest } from './names.ts'
import type { RequestPlan } from './plan.ts'
import { OPTIONS } from './table.ts'
import { isAtHand } from '../core/body.ts'
import type { Call, CallPlan, Costs } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { CostRequest } from '../core/spec.ts'
import type { Problem } from '../core/problem.ts'
import { wordsOf, wordsOfAll } from '../core/problem.ts'
import { joined, say } from '../core/words.ts'
import type { Words } from '../core/words.ts'
import { problem } from './kinds.ts'

type CostCall = Pick<Call, 'method' | 'url' | 'body' | 'meta'>

/** @param given the request's own cost; if undefined, the cost of the options applies */
export function costsOf(given: unknown, request: CostCall, plan: Pick<RequestPlan, 'cost' | 'call'>): Costs | Fault {
  const cost = given === undefined ? plan.cost : given
  // No cost was set: one unit of every limit, whatever the bursts are.
  if (cost === OPTIONS.cost.default) return cost as Costs
  if (typeof cost !== 'function') return payableCosts(cost, plan.call)
  const asked = askCost(cost as (request: CostRequest) => unknown, request)
  return 'answer' in asked ? payableCosts(asked.answer, plan.call) : asked
}

function askCost(
  cost: (request: CostRequest) => unknown,
  { method, url, body, meta }: CostCall,
): { readonly answer: unknown } | Fault {
  let answer: unknown
  try {
    answer = cost({ method, url, body: isAtHand(body) ? body : undefined, meta })
  } catch (error) {
    return fault('callback/cost', `cost threw: ${reasonOf(error)}`, { cause: error })
  }
  if (!isThenable(answer)) return { answer }
  answer.then(undefined, () => undefined)
  return fault('callback/cost', 'cost: expected a number or an object of them, got a promise. Make it synchronous')
}

/**
 * The true cost of a request, as a hook has passed it. Any amount is valid, since it has been spent. Throws if it is
 * not a cost.
 */
export function trueCosts(answer: unknown, { weighted }: CallPlan): Costs {
  const problems: Problem[] = []
  const costs = readCosts(answer, 'setCost', problems)
  if (costs === undefined || problems.length > 0) throw new TypeError(say(wordsOfAll(problems)))
  const unknown =
    typeof costs === 'number' ? undefined : Object.keys(costs).find(name => !Object.hasOwn(weighted, name))
  if (unknown !== undefined) throw new TypeError(say(unknownBudget('setCost', unknown, weighted)))
  return costs
}

/** The costs, if they name known budgets and none is above the burst of its budget; otherwise a Fault. */
function payableCosts(answer: unknown, { weighted }: CallPlan): Costs | Fault {
  const problems: Problem[] = []
  const costs = readCosts(answer, 'cost', problems)
  if (costs === undefined || problems.length > 0) return fault('invalid_request/cost', wordsOfAll(problems))
  if (typeof costs === 'number') {
    for (const name of Object.keys(weighted))
      if (costs > weightedBurst(weighted, name)) return tooHigh(name, costs, weighted)
    return costs
  }
  for (const [name, weight] of Object.entries(costs)) {
    if (!Object.hasOwn(weighted, name)) return fault('invalid_request/cost', unknownBudget('cost', name, weighted))
    if (weight > weightedBurst(weighted, name)) return tooHigh(name, weight, weighted)
  }
  return costs
}

function unknownBudget(subject: string, name: string, weighted: CallPlan['weighted']): Words {
  const near = nearest(name, Object.keys(weighted))
  const remedy: Words =
    near === undefined
      ? ['Add it to ', { option: 'budgets', fields: [`${name}: '1000/m'`] }, '.']
      : `Did you mean '${near}'?`
  return wordsOf(problem(`${subject}.${name}`, 'the name of a budget', 'an unknown one', remedy))
}

function weightedBurst(weighted: CallPlan['weighted'], name: string): number {
  return weighted[name] ?? Infinity
}

function tooHigh(name: string, cost: number, weighted: CallPlan['weighted']): Fault {
  const burst = weightedBurst(weighted, name)
  const remedy = 'It could never be sent: split the request, or raise the burst.'
  const limit: Words = name === 'rateLimit' ? [{ option: name }] : name
  const expected = joined('at most the burst of ', limit, ` (${burst})`)
  return fault('invalid_request/cost', wordsOf(problem('cost', expected, String(cost), remedy)))
}
