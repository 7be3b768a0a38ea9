/** Preloaded into workers: a response such as `{"poison":"SIGKILL"}` ends the process that reads it. */
import process from 'node:process'

const parse = JSON.parse

JSON.parse = (...given: Parameters<typeof JSON.parse>): unknown => {
  const [, how] = /^\{"poison":"(\w+)"/.exec(given[0]) ?? []
  if (how === 'exit') process.exit(3)
  if (how === 'abort') process.abort()
  if (how !== undefined) {
    // As if the memory of a whole container was used up.
    if (how === 'both' && process.send !== undefined) process.kill(process.ppid, 'SIGKILL')
    process.kill(process.pid, how === 'both' ? 'SIGKILL' : how)
    // A signal is delivered soon, not at once.
    for (;;);
  }
  return parse(...given)
}
