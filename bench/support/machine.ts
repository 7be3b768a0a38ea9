/** The machine that a figure belongs to, in one line. */
import { cpus } from 'node:os'

export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? ''
  // Some virtual machines do not tell the model.
  return `Node ${process.versions.node} on ${cpus().length} × ${model === '' ? `an unnamed ${process.arch} processor` : model}`
}
