/** Where APIs put the next page when they follow no standard. Data for `'auto'`, in the order in which it looks. */

/** Members that hold the URL of the next page. */
export const NEXT_URLS: readonly string[] = [
  'next',
  'next_page_url',
  'nextPageUrl',
  'next_url',
  'nextUrl',
  'nextLink',
  'next_link',
  'nextPage',
  'next_page',
  'next_page_uri',
  'nextRecordsUrl',
  'after_url',
  'paging.next',
  'paging.next.link',
  'pagination.next',
  'pagination.next_url',
  'pagination.next_link',
  'pagination.nextPageUrl',
  'links.pages.next',
  '_links.next',
  '_links.next.href',
  'meta.next',
  'meta.next_page_url',
  'meta.next_url',
  'meta.pagination.links.next',
  'meta.pagination.next',
  'meta.links.next',
  'info.next',
  'page.next',
  'next_page.uri',
]

/** Members that hold a cursor, and the field of the request that takes it. */
export const NEXT_CURSORS: readonly (readonly [path: string, param: string])[] = [
  ['response_metadata.next_cursor', 'cursor'],
  ['nextPageToken', 'pageToken'],
  ['next_page_token', 'page_token'],
  ['next_cursor', 'cursor'],
  ['nextCursor', 'cursor'],
  ['nextToken', 'nextToken'],
  ['NextToken', 'NextToken'],
  ['next_token', 'next_token'],
  ['LastEvaluatedKey', 'ExclusiveStartKey'],
  ['NextMarker', 'Marker'],
  ['continuationToken', 'continuationToken'],
  ['continuation_token', 'continuation_token'],
  ['metadata.continue', 'continue'],
  ['paging.next.after', 'after'],
  ['paging.cursors.after', 'after'],
  ['pagination.cursor', 'after'],
  ['pagination.next_cursor', 'cursor'],
  ['pagination.nextCursor', 'cursor'],
  ['pagination.next_token', 'pagination_token'],
  ['meta.next_token', 'pagination_token'],
  ['meta.next_cursor', 'cursor'],
  ['meta.nextCursor', 'cursor'],
  ['meta.after_cursor', 'page[after]'],
  ['paging.next_cursor', 'cursor'],
  ['page_info.next_cursor', 'cursor'],
  ['bookmark', 'bookmark'],
  ['offset', 'offset'],
]

/** Members that hold the number of the next page. */
export const NEXT_NUMBERS: readonly (readonly [path: string, param: string])[] = [
  ['next_page', 'page'],
  ['nextPage', 'page'],
  ['meta.next_page', 'page'],
  ['pagination.next_page', 'page'],
  ['nextPageStart', 'start'],
]

/** Members that hold the number of all items. */
export const TOTALS: readonly string[] = [
  'total',
  'total_count',
  'totalCount',
  'totalSize',
  'totalResults',
  'total_results',
  'totalItems',
  'total_items',
  'count',
  'meta.total',
  'meta.total_count',
  'meta.totalCount',
  'meta.pagination.total',
  'pagination.total',
  'pagination.total_count',
  'paging.total',
  'page.totalElements',
  'totalElements',
  '@odata.count',
  'hits.total.value',
]

/** Members that hold the number of all pages, with the member that holds the number of this one. */
export const PAGES: readonly (readonly [total: string, current: string])[] = [
  ['total_pages', 'page'],
  ['total_pages', 'current_page'],
  ['totalPages', 'page'],
  ['totalPages', 'currentPage'],
  ['totalPages', 'number'],
  ['last_page', 'current_page'],
  ['page.totalPages', 'page.number'],
  ['meta.last_page', 'meta.current_page'],
  ['meta.total_pages', 'meta.current_page'],
  ['meta.total_pages', 'meta.page'],
  ['meta.pagination.total_pages', 'meta.pagination.current_page'],
  ['meta.pagination.pageCount', 'meta.pagination.page'],
  ['pagination.total_pages', 'pagination.current_page'],
  ['pagination.total_pages', 'pagination.page'],
  ['pagination.totalPages', 'pagination.page'],
]

/** Members that hold the offset of the page and the number of all items, and the field of the request that takes an offset. */
export const OFFSETS: readonly (readonly [offset: string, total: string, param: string])[] = [
  ['startAt', 'total', 'startAt'],
  ['skip', 'total', 'skip'],
  ['offset', 'total', 'offset'],
  ['offset', 'total_count', 'offset'],
  ['offset', 'totalCount', 'offset'],
  ['meta.offset', 'meta.total', 'offset'],
  ['meta.offset', 'meta.total_count', 'offset'],
  ['pagination.offset', 'pagination.total', 'offset'],
  ['start', 'total', 'start'],
]

/** Members that hold the items, for pages with several lists. */
export const LISTS: readonly string[] = [
  'items',
  'data',
  'results',
  'values',
  'records',
  'value',
  'entries',
  'objects',
  'content',
  'issues',
  'hits',
]

/** Fields of a request that take a page number. The first is used if the request has none of them. */
export const PAGE_PARAMS: readonly string[] = ['page', 'page[number]', 'pageNumber', 'page_number', 'p']
