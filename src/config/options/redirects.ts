/** The options of redirects: which are followed, how many, and whether a body may cross an origin. */
import { bool, count, matching } from '../kinds.ts'
import { option } from '../option.ts'

export const REDIRECT_OPTIONS = {
  followRedirects: option({
    scope: 'any',
    perSpec: true,
    read: matching(
      "true, false or 'keep_method'",
      (value): value is boolean | 'keep_method' => typeof value === 'boolean' || value === 'keep_method',
      'Write one of them.',
    ),
    default: true,
    crosses: 'plain',
    doc: "Follow 301, 302, 303, 307 and 308. `'keep_method'` repeats the method on the first three, without its body, as `curl -X` does.",
  }),
  maxRedirects: option({
    scope: 'any',
    perSpec: true,
    read: count(0, ['Set ', { option: 'followRedirects', value: false }, ' to follow none.']),
    default: 10,
    crosses: 'plain',
    unit: 'hops',
    doc: 'The maximum number of redirect hops per request; one more fails.',
  }),
  allowDowngrade: option({
    scope: 'any',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'Follow a redirect from https to http.',
  }),
  allowBodyAcrossOrigins: option({
    scope: 'any',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'On a 307 or 308 to another origin, send the body to that origin.',
  }),
}
