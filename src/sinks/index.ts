/**
 * Sinks: where `client.drain(urls, { sink })` writes outcomes. All implement the `Sink` interface, and so can yours.
 */
import '../core/supported-node.ts'
export { RowError, SinkError, isRowError } from '../core/sink.ts'
export type { Sink } from '../core/sink.ts'
export { csv } from './csv.ts'
export type { CsvColumn, CsvField, CsvOptions } from './csv.ts'
export { folder } from './folder.ts'
export type { FolderOptions } from './folder.ts'
export { jsonLines } from './json-lines.ts'
export type { JsonLinesOptions } from './json-lines.ts'
export { sqlite } from './sqlite.ts'
export type { SqliteColumn, SqliteOptions } from './sqlite.ts'
