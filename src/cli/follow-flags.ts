/** The flags of follow-ups: items of a response, and how much is followed. Rows of the flag table (flags.ts). */
import { choosing, setting, taking } from './flag.ts'
import { count } from '../config/kinds.ts'
import { PAGE_STYLES } from '../core/pagination.ts'
import { asGiven, header, method, number, text } from './flag-readers.ts'

export const FOLLOW_FLAGS = {
  items: setting('Follow-ups', 'PATH', 'items', asGiven, {
    doc: "one row for each item of the list at PATH, as JMESPath: 'data.results'; '@' is the whole body",
    common: true,
    more: 'Every output gets a row per item, and --select applies to each item. If the path selects null, the response has no items; if it selects anything else that is not a list, the request fails. The run file of --resume holds whole responses.',
  }),
  paginate: choosing('Follow-ups', 'STYLE', PAGE_STYLES, 'request all pages, in the pagination style of the API', {
    option: ['paginate', 'paginate.style'],
    default: 'the first page only',
    common: true,
    more: 'link: by the Link header. cursor: by a cursor or URL in the response, see --next. offset, page: by numbers; the pages are requested in parallel if --total is set. odata, json-api, mediawiki, elasticsearch, relay: as these APIs define it. auto: detected from the first page; the summary names the style.',
  }),
  next: taking('Follow-ups', 'PATH', text, 'with --paginate: the cursor or URL of the next page, as JMESPath', {
    option: 'paginate.next',
    default: 'by the style; required with cursor',
  }),
  'page-param': taking('Follow-ups', 'NAME', text, 'with --paginate: the parameter for the cursor or page number', {
    option: 'paginate.param',
    default: 'by the style: offset, page',
    more: 'A field of the query, or a path in the JSON body if the request has one.',
  }),
  total: taking(
    'Follow-ups',
    'PATH',
    text,
    'with --paginate: the total number of items (style page: of pages), as JMESPath',
    {
      option: 'paginate.total',
      default: 'none: pages are requested one after the other',
    },
  ),
  'page-size': taking('Follow-ups', 'N', number(count(1)), 'with --paginate: the number of items per page', {
    option: 'paginate.size',
    default: 'chosen by the server',
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
    more: 'Each --then is a stage; outputs get the rows of the last stage and the failures of all. {value} is the value from which the request is made, {value.id} a part of it, and {1.value.id} a part of the value of the first stage. Columns of the input can be used, too. -H and credentials apply to all stages; credentials are sent only to an origin that the template names, or to that of the previous response.',
  }),
  each: taking('Follow-ups', 'PATH', text, 'after --then: the values in a response, as JMESPath', {
    repeat: true,
    default: 'the items of the previous stage, or else the whole response',
    more: 'A list gives one request per element, null gives none, anything else gives one.',
  }),
  'then-method': taking('Follow-ups', 'METHOD', method, 'after --then: method of its requests', {
    repeat: true,
    default: 'GET; POST with --then-json',
  }),
  'then-header': taking('Follow-ups', 'NAME: VALUE', header, 'after --then: a header of its requests', {
    repeat: true,
    more: 'Replaces a header of -H with the same name. @FILE reads one per line.',
  }),
  'then-json': taking('Follow-ups', 'TEXT', text, 'after --then: body of its requests, as --json', { repeat: true }),
  'then-items': taking('Follow-ups', 'PATH', text, 'after --then: items of its responses, as --items', {
    repeat: true,
  }),
} as const
