/** Rows as CSV, for a table that is written at once. */
import { stringify } from 'csv-stringify/sync'

/** Quotes the cells that need it. Each line ends with a line feed. */
export const csvText = (rows: readonly (readonly (string | number)[])[]): string =>
  stringify(rows as (string | number)[][])
