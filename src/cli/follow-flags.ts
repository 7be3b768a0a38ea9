/** The flags of follow-ups: items of a response, and how much is followed. Rows of the flag table (flags.ts). */
import { choosing, setting, taking } from './flag.ts'
import { count } from '../config/kinds.ts'
import { PAGE_STYLES } from '../core/pagination.ts'
import { asGiven, header, method, number, text } from './flag-readers.ts'

export const FOLLOW_FLAGS = {
  items: setting('Follow-ups', 'PATH', 'items', asGiven, {
    doc: "one row for each item of the list at PATH, as JMESPath: 'data.results'; '@' is the whole body",
    common: true,
    more: 'Every output gets a row per item, and --select applies to each item. In a response without such a list, null has no items, and anything else fails. The run file of --resume holds whole responses.',
  }),
  paginate: choosing('Follow-ups', 'STYLE', PAGE_STYLES, 'request all pages, in the pagination style of the API', {
    option: ['paginate', 'paginate.style'],
    default: 'the first page only',
    common: true,
    more: 'link: the header Link. cursor: a cursor or URL at --next. offset and page: numbers, at the same time if --total is known. odata, json-api, mediawiki, elasticsearch and relay: as these standards say. auto: by the first page; the summary says what it found.',
  }),
  next: taking('Follow-ups', 'PATH', text, 'with --paginate: the cursor or URL of the next page, as JMESPath', {
    option: 'paginate.next',
    default: 'by the style; cursor needs it',
  }),
  'page-param': taking('Follow-ups', 'NAME', text, 'with --paginate: the parameter for the cursor or page number', {
    option: 'paginate.param',
    default: 'by the style: offset, page',
    more: 'A field of the query, or with a JSON body a path in it.',
  }),
  total: taking(
    'Follow-ups',
    'PATH',
    text,
    'with --paginate: the total number of items (style page: of pages), as JMESPath',
    {
      option: 'paginate.total',
      default: 'unknown: one page after the other',
    },
  ),
  'page-size': taking('Follow-ups', 'N', number(count(1)), 'with --paginate: the number of items per page', {
    option: 'paginate.size',
    default: 'that of the server',
  }),
  'page-size-param': taking('Follow-ups', 'NAME', text, 'with --paginate: the parameter for --page-size', {
    option: 'paginate.sizeParam',
    default: 'by the style: per_page, limit, page[size], size, first',
  }),
  'max-items': setting('Follow-ups', 'N', 'maxItems', number),
  'max-pages': setting('Follow-ups', 'N', 'maxPages', number),
  'max-depth': setting('Follow-ups', 'N', 'maxDepth', number),
  // oxlint-disable-next-line unicorn/no-thenable -- the table is never awaited
  then: taking('Follow-ups', 'URL', text, 'a request to URL for each value of the previous stage, with {value.PART}', {
    repeat: true,
    common: true,
    more: 'Each --then is a stage; outputs get the rows of the last one, and the failures of all. {value} is the value that the request is made from, {value.id} a part of it, {1.value.id} a part of the first stage, and columns of the input are at hand. -H and credentials apply to all stages; credentials go only to an origin that the template names, or that of the page.',
  }),
  each: taking('Follow-ups', 'PATH', text, 'after --then: the values in a response, as JMESPath', {
    repeat: true,
    default: 'the items of the stage before; without them the whole response',
    more: 'A list gives one request per element, null none, and anything else one.',
  }),
  'then-method': taking('Follow-ups', 'METHOD', method, 'after --then: method of its requests', {
    repeat: true,
    default: 'GET; POST with --then-json',
  }),
  'then-header': taking('Follow-ups', 'NAME: VALUE', header, 'after --then: a header of its requests', {
    repeat: true,
    more: 'It replaces the one of -H. @FILE reads one per line.',
  }),
  'then-json': taking('Follow-ups', 'TEXT', text, 'after --then: body of its requests, as --json', { repeat: true }),
  'then-items': taking('Follow-ups', 'PATH', text, 'after --then: as --items, for its responses', { repeat: true }),
} as const
