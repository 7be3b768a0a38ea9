/** Reports of a run: `report` reads a run file or outcomes and writes what happened, as a page, a text or data. */
import '../core/supported-node.ts'
export { har } from './har.ts'
export type { HarOptions, HarStream, HarTarget } from './har.ts'
export { report } from './report.ts'
export type { ReportFormat, ReportOptions, ReportSource } from './report.ts'
