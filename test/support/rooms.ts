/** The rooms of the house and their ranks: a file imports only from a lower rank or from its own room. */
export const RANKS: Readonly<Record<string, number>> = {
  core: 1,
  config: 2,
  disk: 2,
  policy: 3,
  transport: 3,
  store: 3,
  codec: 3,
  testing: 3,
  sinks: 3,
  engine: 4,
  layer: 4,
  report: 4,
  client: 5,
  // What others see; the command line uses it as they do.
  index: 6,
  cli: 7,
}
