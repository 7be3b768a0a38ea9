/** The commands of `preq` other than a run, with their help texts. */
export const COMMANDS = {
  plan: 'show what a run would send, without sending it',
  report: 'show the results of a run from its run file: what failed, and what made it slow',
  demo: 'fetch 300 records from a small API on this machine',
  doctor: 'check the limits of this machine: files, proxies, clock',
  completion: 'print the completions for bash, zsh or fish',
} as const

/** The shells of `preq completion`. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]
