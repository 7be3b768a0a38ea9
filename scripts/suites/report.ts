/** The counts of a suite as text. */
import type { Count } from './trial.ts'

/** Enough to begin with. */
const MAX_FAULTS_SHOWN = 40
const MAX_CAUSES_SHOWN = 20
const MAX_SHOWN = 160

export function reportOf(name: string, { agree, differ, owed, out, faults, unused }: Count): string {
  const lines = [
    `${name}: ${agree} agree, ${sum(differ)} differ with a reason, ${sum(owed)} owed, ${faults.length} fault, ` +
      `${sum(out)} out of scope`,
  ]
  for (const [{ rule, because }, times] of differ) lines.push(`  differ  ${times}  ${rule}: ${because}`)
  for (const [{ rule, because }, times] of owed) lines.push(`  owed    ${times}  ${rule}: ${because}`)
  const causes = [...out].toSorted((a, b) => b[1] - a[1])
  for (const [why, times] of causes.slice(0, MAX_CAUSES_SHOWN)) lines.push(`  out     ${times}  ${why}`)
  const rest = causes.slice(MAX_CAUSES_SHOWN)
  if (rest.length > 0) lines.push(`  out     ${sum(new Map(rest))}  ${rest.length} causes with fewer cases`)
  for (const { rule } of unused) lines.push(`  unused  0  ${rule}: no case needs this rule any more`)
  for (const fault of faults.slice(0, MAX_FAULTS_SHOWN)) {
    lines.push(`  FAULT   ${shown(fault.name)}: expected ${shown(fault.theirs)}, got ${shown(fault.ours)}`)
  }
  if (faults.length > MAX_FAULTS_SHOWN) lines.push(`  FAULT   … and ${faults.length - MAX_FAULTS_SHOWN} more`)
  return lines.join('\n')
}

const sum = (counts: ReadonlyMap<unknown, number>): number => [...counts.values()].reduce((a, b) => a + b, 0)

/** Names and values are foreign text: printed as one line of ASCII each. */
function shown(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, char => `\\u{${(char.codePointAt(0) as number).toString(16)}}`)
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN)}...` : plain
}
