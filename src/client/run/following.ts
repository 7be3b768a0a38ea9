/**
 * What follows from the requests of a run: stands between settling and delivery. A page is in the run file before what
 * follows from it is requested. A resumed run restores the page and finds the same again, with the same ids.
 */
import { openFollow } from './open-follow.ts'
import type { OpenFollow } from './open-follow.ts'
import type { Pages } from './pages.ts'
import { ArrivedPage, jsonIn } from './page-view.ts'
import { requestNumber } from './request-number.ts'
import type { RequestIds } from './request-ids.ts'
import { callOfFollowUp, callOfPage, isForeign } from '../../config/follow-up.ts'
import type { Found } from '../../config/follow-up.ts'
import type { Refusal } from '../../config/prepare.ts'
import type { BatchPlan } from '../../config/plan.ts'
import { Unusable } from '../../config/unusable.ts'
import type { Call, CallPlan } from '../../core/call.ts'
import { isThenable, reasonOf, runCallback } from '../../core/callback.ts'
import { RequestError } from '../../core/error.ts'
import type { FollowContext, FollowPlan, FollowUpInput, FollowUps } from '../../core/follow.ts'
import { failedOutcome, refusedOutcome } from '../../core/outcome.ts'
import type { OkOutcome, Outcome } from '../../core/outcome.ts'
import { Chain, Root } from '../../core/page.ts'
import type { Page } from '../../core/page.ts'
import { OLD_CURSOR } from '../../core/pagination.ts'
import type { PageChange, PageRest, PageStep } from '../../core/pagination.ts'
import type { Clock } from '../../core/ports.ts'
import { fault, isFault } from '../../core/result.ts'
import type { Fault, Origin, Result } from '../../core/result.ts'
import { unsentOutcome } from '../../core/unsent-outcome.ts'
import { printableUrl } from '../../core/url.ts'
import type { Writable } from '../../core/writable.ts'
import { sizeChange } from '../../paginate/size.ts'
import type { Growth } from '../../engine/growing-source.ts'
import type { EngineParts } from '../../engine/ports.ts'
import type { Item } from '../../engine/source.ts'

/** A server may announce any number of pages. */
const MAX_PAGES_AHEAD = 1_000

/** The value of an item that was found while running. */
class FollowUp {
  readonly page: Page
  readonly found: Found
  readonly what: PageChange | { readonly spec: FollowUpInput }
  /** Why it is not requested. */
  readonly refusal: Fault | undefined

  constructor(page: Page, found: Found, what: FollowUp['what'], refusal?: Fault) {
    this.page = page
    this.found = found
    this.what = what
    this.refusal = refusal
  }
}

export interface FollowingParts {
  readonly clock: Clock
  readonly plan: BatchPlan
  readonly ids: RequestIds
  /** Undefined if outcomes are handed out as they finish. */
  readonly order: Ordering | undefined
}

/** How outcomes are put into the order of their pages. */
export interface Ordering {
  /** Knows the page of each outcome. */
  readonly pages: Pages
  /** The page that the other outcomes wait for. */
  due?(): Page | undefined
}

export class Following implements Growth {
  isGrowing = false
  open = 0
  /** Requests that were found while running. */
  found = 0
  /** Records what became of a page that was followed. */
  record: ((call: Call, result: Result, outcome: Outcome) => Outcome | Promise<Outcome>) | undefined = undefined
  readonly #parts: FollowingParts
  /** Most requests of a run have the same plan. */
  #last: OpenFollow | undefined
  readonly #opened = new WeakMap<FollowPlan, OpenFollow | Promise<OpenFollow>>()
  /** Added items that nobody has taken, by page. Only in an ordered run. */
  readonly #queued = new Map<Page, Item>()
  #pass: (item: Item) => void = () => undefined

  constructor(parts: FollowingParts) {
    this.#parts = parts
  }

  /** @param add takes what is found, from now on */
  feed(add: (item: Item) => void): void {
    this.#pass = add
  }

  due(): Item | undefined {
    const page = this.#parts.order?.due?.()
    return page === undefined ? undefined : this.#queued.get(page)
  }

  taken({ value }: Item): void {
    if (value instanceof FollowUp) this.#queued.delete(value.page)
  }

  /** Prepares what was found while running; items of the input are left to `parts`. */
  preparing(parts: EngineParts): EngineParts {
    return {
      ...parts,
      prepare: item =>
        item.value instanceof FollowUp ? this.#prepare(item.value) : this.#firstPage(parts.prepare(item)),
      abandon: (item, reason) =>
        item.value instanceof FollowUp ? this.#abandon(item.value, reason) : parts.abandon(item, reason),
    }
  }

  /** Follows what `parts` settles. */
  following(parts: EngineParts): EngineParts {
    return {
      ...parts,
      prepare: item => this.#begin(parts.prepare(item), item),
      settle: (call, result) => {
        const { page } = call.trip
        if (page === undefined) return parts.settle(call, result)
        if (page.isOfRunFile && result.kind === 'reply' && EXPIRED.has(result.status)) noteExpired(call)
        const outcome = parts.settle(call, result)
        return isThenable(outcome)
          ? outcome.then(settled => this.#after(call, page, result, settled))
          : this.#after(call, page, result, outcome)
      },
    }
  }

  #begin(prepared: Call | Outcome, { value }: Item): Call | Outcome {
    if (value instanceof FollowUp) {
      if ('ok' in prepared) return this.#close(value.page, prepared)
      prepared.trip.page = value.page
      return prepared
    }
    if ('ok' in prepared || prepared.plan.follow === undefined) return prepared
    const { first } = new Root(prepared.index, prepared.trip.id, this.#parts.order !== undefined)
    this.isGrowing = true
    this.open++
    this.#parts.order?.pages.add(first)
    first.chain.hasSeen(requestNumber(prepared))
    prepared.trip.page = first
    return prepared
  }

  #prepare({ page, found, what, refusal }: FollowUp): Call | Outcome {
    const nowMs = this.#parts.clock.now()
    const made = 'spec' in what ? this.#callOf(what.spec, found, nowMs) : callOfPage(found.call, what, found, nowMs)
    if (refusal !== undefined) return this.#refused(page, found, 'refused' in made ? found.url : made.url, refusal)
    if ('refused' in made) {
      const { url, meta } =
        'spec' in what && what.spec instanceof Unusable ? what.spec : { ...found.call, url: found.url }
      return this.#refused(page, found, url, made.refused, meta)
    }
    const call = 'spec' in what ? withoutPagination(made, what.spec) : made
    call.trip.id = page.id
    if (!page.chain.hasSeen(requestNumber(call))) return call
    const shown = printableUrl(call.url, call.plan.secretNames)
    const message = `the page was requested before: ${call.method} ${shown}`
    return this.#refused(page, found, call.url, fault('follow/loop', message))
  }

  #callOf(spec: FollowUpInput, found: Found, nowMs: number): Call | Refusal {
    try {
      return callOfFollowUp(spec, found, this.#parts.plan.request, nowMs)
    } catch (error) {
      // A getter or a Proxy threw.
      const message = `expected a request that can be read, but reading it threw: ${reasonOf(error)}`
      return { refused: fault('invalid_request/unreadable', message, { cause: error }) }
    }
  }

  /** A request of the input whose further pages will be requested: with the size of its pages, and as a read. */
  #firstPage(prepared: Call | Outcome): Call | Outcome {
    if ('ok' in prepared) return prepared
    const { method, plan, url } = prepared
    const paginate = plan.follow?.paginate
    if (paginate === undefined) return prepared
    if (!READS.has(method)) {
      const reason = fault('invalid_request/method', `expected GET, POST or QUERY for pages, got ${method}`)
      return abandoned(prepared, reason)
    }
    const call = asRead(prepared)
    const change = sizeChange(paginate, { url, body: jsonIn(call) })
    if (change === undefined) return call
    const sized = callOfPage(call, change, { call, url, isRestored: false, isForeign: false }, this.#parts.clock.now())
    if ('refused' in sized) return abandoned(call, sized.refused)
    sized.trip.id = call.trip.id
    return sized
  }

  #refused(page: Page, { call }: Found, url: string, reason: Fault, meta: unknown = call.meta): Outcome {
    const { index, key, method, plan } = call
    return refusedOutcome({ id: page.id, index, key, method, url, meta }, reason, plan.secretNames)
  }

  #abandon({ page, found }: FollowUp, reason: Fault): Outcome {
    const { call } = found
    return this.#close(page, unsentOutcome(page.id, call, call, reason, call.plan.secretNames))
  }

  /** The page has its outcome, and whatever follows from it is known. */
  #close(page: Page, outcome: Outcome): Outcome {
    const { chain } = page
    if (page.parent !== undefined) (outcome as Writable<Outcome>).parent = page.parent
    this.open--
    if (--chain.open === 0) this.#parts.ids.end(chain.head)
    return outcome
  }

  #after(call: Call, page: Page, result: Result, outcome: Outcome): Outcome | Promise<Outcome> {
    const { follow } = call.plan
    if (!outcome.ok || follow === undefined) return this.#close(page, outcome)
    const followed = this.#opening(call, page, result, outcome, follow)
    const { record } = this
    if (record === undefined) return followed
    return isThenable(followed)
      ? followed.then(settled => record(call, result, settled))
      : record(call, result, followed)
  }

  #opening(
    call: Call,
    page: Page,
    result: Result,
    outcome: OkOutcome<unknown>,
    follow: FollowPlan,
  ): Outcome | Promise<Outcome> {
    const opened = this.#openedOf(follow)
    if (!isThenable(opened)) return this.#step(call, page, result, outcome, opened)
    return opened.then(
      open => this.#step(call, page, result, outcome, open),
      (error: unknown) => this.#fail(call, page, result, outcome, fault('invalid_request/options', reasonOf(error))),
    )
  }

  /** Reads the paths of a plan, before anything is sent. Rejects with a ConfigError if one of them is wrong. */
  openAhead(): Promise<unknown> | undefined {
    const { follow } = this.#parts.plan.request.call
    const opened = follow === undefined ? undefined : this.#openedOf(follow)
    return isThenable(opened) ? opened : undefined
  }

  #openedOf(plan: FollowPlan): OpenFollow | Promise<OpenFollow> {
    if (this.#last?.plan === plan) return this.#last
    let opened = this.#opened.get(plan)
    if (opened === undefined) {
      const made = openFollow(plan)
      opened = made
      if (isThenable(made)) made.then(open => this.#opened.set(plan, open)).catch(() => undefined)
      this.#opened.set(plan, opened)
    }
    if (!isThenable(opened)) this.#last = opened
    return opened
  }

  #step(
    call: Call,
    page: Page,
    result: Result,
    outcome: OkOutcome<unknown>,
    open: OpenFollow,
  ): Outcome | Promise<Outcome> {
    const { chain } = page
    page.hasItems = open.itemsOf !== undefined
    const items = this.#itemsOf(outcome.value, chain.root, open)
    if (isFault(items)) return this.#fail(call, page, result, outcome, items)
    if (items !== undefined) (outcome as Writable<OkOutcome<unknown>>).items = items
    if (chain.root.isOver || chain.root.isRefused) return this.#close(page, outcome)
    const isRestored = outcome.source === 'run-file'
    const url = result.kind === 'reply' ? result.url : call.url
    const found = { call, url, isRestored, isForeign: isForeign(call, url) }
    const step = this.#decide(page, found, result, outcome, open)
    if (isFault(step)) return this.#fail(call, page, result, outcome, step)
    // At once and in this order also if `follow` is async: the ids of a resumed run must be the same.
    const go = (ups: FollowUps): Outcome => {
      if (step !== undefined) this.#turn(chain, found, step, open.plan)
      const wrong = this.#lead(page, found, ups, open.plan)
      return wrong === undefined ? this.#close(page, outcome) : this.#fail(call, page, result, outcome, wrong)
    }
    const { follow } = open.plan
    if (follow === undefined) return go(undefined)
    let answer: FollowUps | PromiseLike<FollowUps>
    let late: PromiseLike<FollowUps> | undefined
    try {
      answer = follow(outcome, contextOf(call, page))
      late = isThenable(answer) ? answer : undefined
    } catch (error) {
      return this.#fail(call, page, result, outcome, followThrew(error))
    }
    if (late === undefined) return go(answer as FollowUps)
    const promise = late
    const limits = { trip: call.trip, timeoutMs: call.plan.timeouts.callbackMs, clock: this.#parts.clock }
    // In a wrapper, because a server may send an object that looks like a Fault.
    const asked = runCallback(() => promise.then(ups => ({ ups })), followThrew, limits)
    return Promise.resolve(asked).then(given =>
      isFault(given) ? this.#fail(call, page, result, outcome, given) : go(given.ups),
    )
  }

  /** The items of a page, as far as they are wanted. */
  #itemsOf(value: unknown, root: Root, { plan, itemsOf }: OpenFollow): readonly unknown[] | Fault | undefined {
    if (itemsOf === undefined) return undefined
    try {
      const items = itemsOf(value)
      if (items === undefined || isFault(items)) return items
      const wanted = root.isOver ? 0 : plan.maxItems - root.items
      const end = plan.until === undefined ? -1 : items.findIndex(item => plan.until?.(item) === true)
      const length = Math.min(wanted, end === -1 ? items.length : end)
      root.items += length
      if (end !== -1 || root.items >= plan.maxItems) root.isOver = true
      return length < items.length ? items.slice(0, length) : items
    } catch (error) {
      return fault('follow/callback', `items or until threw: ${reasonOf(error)}`, { sent: true, cause: error })
    }
  }

  /** What the style of pagination says about the next pages; undefined without one. */
  #decide(
    page: Page,
    found: Found,
    result: Result,
    outcome: OkOutcome<unknown>,
    open: OpenFollow,
  ): PageStep | undefined {
    const { chain } = page
    if (open.start === undefined) return undefined
    const isFirst = chain.paginator === undefined
    chain.first ??= found.call
    const paginator = (chain.paginator ??= open.start())
    const step: PageStep = paginator.after(new ArrivedPage(page.number, found.call, found.url, result, outcome))
    if (isFirst && paginator.detected !== undefined) {
      found.call.trip.warn(paginator.detected)
      // The outcome was made before the page was looked at.
      ;(outcome as Writable<Outcome>).warnings = found.call.trip.warnings ?? outcome.warnings
    }
    return step
  }

  /** The next pages by their style of pagination. */
  #turn(chain: Chain, found: Found, step: Exclude<PageStep, Fault>, plan: FollowPlan): void {
    if (step.kind === 'next') this.#append(chain, found, step.change, plan)
    else if (step.kind === 'rest') this.#appendAll(chain, found, step, plan)
    else if (chain.isWaiting) this.#appendWaiting(chain, found, plan)
  }

  /** Pages in any order; one after the other if a later one may not be wanted. Each that arrives lets another go. */
  #appendAll(chain: Chain, found: Found, { count, changes }: PageRest, plan: FollowPlan): void {
    const isAllWanted = plan.until === undefined && plan.maxItems === Infinity
    // Known to be too many: none of them is requested in vain.
    if (isAllWanted && chain.root.pages + count > plan.maxPages) return this.#refuse(chain, found, changes, plan)
    chain.wait(changes)
    const ahead = isAllWanted ? MAX_PAGES_AHEAD : 1
    for (let added = 0; added < ahead && chain.isWaiting; added++) this.#appendWaiting(chain, found, plan)
  }

  #appendWaiting(chain: Chain, found: Found, plan: FollowPlan): void {
    const next = chain.nextWaiting()
    if (next !== undefined) this.#append(chain, found, next, plan)
  }

  #append(chain: Chain, found: Found, what: FollowUp['what'], plan: FollowPlan): void {
    const { root } = chain
    if (root.isOver || root.isRefused) return
    this.#add(chain, found, what, root.pages < plan.maxPages ? undefined : tooMany(plan))
  }

  /** Only the first one is there, as the one that failed. */
  #refuse(chain: Chain, found: Found, changes: Iterable<PageChange>, plan: FollowPlan): void {
    for (const change of changes) return this.#add(chain, found, change, tooMany(plan))
  }

  #add(chain: Chain, found: Found, what: FollowUp['what'], refusal: Fault | undefined): void {
    if (refusal !== undefined) chain.root.isRefused = true
    const page = chain.append(this.#parts.ids.childOf(chain.head), chain.head)
    page.isOfRunFile = found.isRestored
    const { first = found.call } = chain
    this.#put(new FollowUp(page, first === found.call ? found : { ...found, call: first }, what, refusal))
  }

  /** What `follow` has returned. */
  #lead(page: Page, found: Found, ups: FollowUps, plan: FollowPlan): Fault | undefined {
    const { chain } = page
    // Many APIs have an empty text where a further page would be named.
    if (ups === undefined || ups === null || ups === '') return undefined
    if (!Array.isArray(ups)) {
      const spec = ups as FollowUpInput
      // Beside a style of pagination, the next pages are its own.
      if (plan.paginate !== undefined) return this.#lead(page, found, [spec], plan)
      this.#append(chain, found, { spec }, plan)
      return undefined
    }
    const children: Page[] = []
    if (chain.root.isOrdered) page.children = children
    for (const spec of ups as readonly FollowUpInput[]) {
      const { root } = chain
      if (root.isRefused) break
      const depth = chain.depth + 1
      const id = this.#parts.ids.childOf(page.id)
      const reason = root.pages >= plan.maxPages ? tooMany(plan) : depth > plan.maxDepth ? tooDeep(plan) : undefined
      if (reason !== undefined) root.isRefused = true
      const child = new Chain(root, chain.index, id, depth, chain).append(id, page.id)
      children.push(child)
      this.#put(new FollowUp(child, found, { spec }, reason))
    }
    if (page.id !== chain.head) this.#parts.ids.end(page.id)
    return undefined
  }

  #put(up: FollowUp): void {
    const { page } = up
    const item: Item = { value: up, index: page.chain.index, id: page.id }
    this.open++
    this.found++
    const { order } = this.#parts
    order?.pages.add(page)
    if (order?.due !== undefined) this.#queued.set(page, item)
    this.#pass(item)
  }

  /** The page arrived, and what follows from it cannot be known. */
  #fail(call: Call, page: Page, result: Result, outcome: OkOutcome<unknown>, reason: Fault): Outcome {
    const reply = result.kind === 'reply' ? { reply: result } : {}
    const origin: { origin?: Origin } =
      outcome.source === 'run-file'
        ? { origin: { kind: 'run-file', bytes: outcome.response.bytes, timings: { ...outcome.timings } } }
        : {}
    const { secretNames } = call.plan
    const failed = failedOutcome(
      call,
      { ...reason, sent: true, ...reply, ...origin },
      this.#parts.clock.now(),
      secretNames,
    )
    if (outcome.items !== undefined) RequestError.keepItems(failed.error, outcome.items)
    return this.#close(page, failed)
  }
}

/** What servers answer to a cursor that they have forgotten. */
const EXPIRED: ReadonlySet<number> = new Set([400, 404, 410, 422])

function noteExpired({ trip }: Call): void {
  trip.retry.notRetriedBecause = [`${OLD_CURSOR}. Another `, { option: 'resume' }, ' file begins at the first page']
}

/** Methods that ask for a page. A POST may be a search. */
const READS: ReadonlySet<string> = new Set(['GET', 'POST', 'QUERY', 'SEARCH', 'REPORT'])

const readPlans = new WeakMap<CallPlan, CallPlan>()

function asRead(call: Call): Call {
  const { method, plan } = call
  if (plan.retry.methods.has(method)) return call
  let read = readPlans.get(plan)
  if (read === undefined) {
    read = { ...plan, retry: { ...plan.retry, methods: new Set([...plan.retry.methods, ...READS]) } }
    readPlans.set(plan, read)
  }
  return { ...call, plan: read, repeatable: true }
}

function abandoned({ index, key, meta, method, plan, trip, url }: Call, reason: Fault): Outcome {
  return refusedOutcome({ id: trip.id, index, key, method, url, meta }, reason, plan.secretNames)
}

const unpaginated = new WeakMap<CallPlan, CallPlan>()

/** Pagination is that of the requests of the input: what `follow` returns has other pages, or none. */
function withoutPagination(call: Call, spec: FollowUpInput): Call {
  const { plan } = call
  if (plan.follow?.paginate === undefined || (typeof spec === 'object' && 'paginate' in spec)) return call
  let without = unpaginated.get(plan)
  if (without === undefined) {
    without = { ...plan, follow: { ...plan.follow, paginate: undefined } }
    unpaginated.set(plan, without)
  }
  return { ...call, plan: without }
}

const followThrew = (error: unknown): Fault =>
  fault('follow/callback', `follow threw: ${reasonOf(error)}`, { sent: true, cause: error })

function contextOf({ key }: Call, page: Page): FollowContext {
  const { chain, id, number } = page
  return { id, index: chain.index, key, depth: chain.depth, page: number, items: chain.root.items }
}

function tooMany({ maxPages }: FollowPlan): Fault {
  return fault('follow/too_many', [
    `more than ${maxPages} pages. Raise `,
    { option: 'maxPages' },
    ' to follow them, or set ',
    { option: 'maxItems' },
    ' to end without a failure',
  ])
}

function tooDeep({ maxDepth }: FollowPlan): Fault {
  return fault('follow/depth', [
    `more than ${maxDepth} levels of requests that follow from one another. Raise `,
    { option: 'maxDepth' },
    ' if that is intended',
  ])
}
