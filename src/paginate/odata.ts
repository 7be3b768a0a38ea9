/** OData: `@odata.nextLink`, with its older and shorter names. */
import { isNothing, memberAt } from './fields.ts'
import { NextUrls } from './next-url.ts'
import { END } from './style.ts'
import type { Style } from './style.ts'

/** OData 4.0, 4.01 without its prefix, 3.0, and 2.0. */
export const NEXT_LINKS: readonly (readonly string[])[] = [
  ['@odata.nextLink'],
  ['@nextLink'],
  ['odata.nextLink'],
  ['d', '__next'],
]

export const odata: Style = () => {
  const urls = new NextUrls()
  return page => {
    const names = NEXT_LINKS.find(each => !isNothing(memberAt(page.value, ...each)))
    if (names === undefined) return END
    return urls.step(memberAt(page.value, ...names), page, `'${names.join('.')}'`, contextOf(page.value, page.url))
  }
}

/** Relative links are resolved against the context URL if there is one (OData JSON 4.01 §4.5.1, §11). */
function contextOf(value: unknown, url: string): string {
  const context = memberAt(value, '@odata.context') ?? memberAt(value, '@context')
  return (typeof context === 'string' ? URL.parse(context, url)?.href : undefined) ?? url
}
