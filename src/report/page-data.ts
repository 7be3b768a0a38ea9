/** What the script of an HTML report gets: what it draws, and the failures that it lists. */
import type { PhaseStatistics, ReportData, RequestReport } from './data.ts'

export interface PageData {
  readonly series?: ReportData['series']
  readonly pauses: ReportData['pauses']
  /** The buckets of each phase. */
  readonly buckets: Readonly<Record<string, PhaseStatistics['buckets']>>
  readonly failures: readonly RequestReport[]
  readonly labels: Readonly<Record<string, string>>
}
