/** The commands of `preq` besides a run, with what is said of them. */
export const COMMANDS = {
  plan: 'show what would be sent, and send nothing',
  demo: 'fetch 300 records from a small API on this machine, and watch',
  doctor: 'look at what this machine allows: files, proxies, clock',
  completion: 'print the completions for bash, zsh or fish',
} as const

/** What `preq completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]
