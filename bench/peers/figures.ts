/** What a contender costs: per request, except for the memory. */
export interface Figures {
  readonly cpuUs: number
  readonly perSecond: number
  /** The most that the process had resident, in MiB. NaN where it cannot be told. */
  readonly rssMb: number
}
