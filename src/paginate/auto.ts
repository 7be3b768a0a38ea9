/** `'auto'`: the first page decides the style. It never guesses that a page is the only one if the page says otherwise. */
import type { PageStyle } from '../core/pagination.ts'
import type { Fault } from '../core/result.ts'
import { wholeNumber } from './counts.ts'
import { detect, itemsOf } from './detect.ts'
import type { Detected } from './detect.ts'
import { memberAt } from './fields.ts'
import { givenField } from './request-field.ts'
import { refusalIn } from './signs.ts'
import { END, refuse } from './style.ts'
import type { After, PageView, Style, StylePlan } from './style.ts'

export interface Detecting {
  readonly after: After
  /** A sentence; undefined before the first page. */
  detected(): string | undefined
}

export function auto(plan: StylePlan, styles: Readonly<Record<Exclude<PageStyle, 'auto'>, Style>>): Detecting {
  let said: string | undefined
  let chosen: After | undefined
  return {
    detected: () => said,
    after(page) {
      if (chosen !== undefined) return chosen(page)
      const detection = refusalIn(page.value) ?? detect(page, plan.hasItems)
      if (detection.kind === 'fault') return detection
      said = detection.said
      chosen = detection.kind === 'one-page' ? () => END : afterOf(detection, plan, styles[detection.style])
      return chosen(page)
    },
  }
}

function afterOf({ fields, style, next, total, echo }: Detected, plan: StylePlan, start: Style): After {
  const given = { ...plan.plan, ...fields, style }
  const inner = start({ plan: given, next, total, hasItems: plan.hasItems })
  const { param } = given
  if (echo === undefined || param === undefined) return inner
  return page => ignored(page, echo, param) ?? inner(withItems(page, itemsOf(page, plan.hasItems)))
}

/** Field by field: those that a view computes when they are read are not its own. */
const withItems = (
  { number, requestUrl, url, headers, value, body }: PageView,
  items: PageView['items'],
): PageView => ({ number, requestUrl, url, headers, value, body, items })

/** The field of the request is a guess. If the server ignores it, its page says so. */
function ignored({ value, requestUrl, body }: PageView, echo: string, param: string): Fault | undefined {
  const asked = wholeNumber(givenField({ url: requestUrl, body }, param))
  const got = wholeNumber(memberAt(value, ...echo.split('.')))
  if (asked === undefined || got === undefined || asked === got) return undefined
  return refuse('loop', [
    `asked for ${param}=${asked}, got a page with '${echo}': ${got}: the server does not know the field. Name the style with `,
    { option: 'paginate' },
  ])
}
