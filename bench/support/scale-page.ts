/** Two programs write one part of docs/scale.md each, and leave the other part unchanged. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const PAGE = new URL('../../docs/scale.md', import.meta.url)
const SECOND = '\n## Drift\n'

export function writeScalePart(part: 'scale' | 'drift', text: string): void {
  const [scale = '', drift = ''] = (existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '').split(SECOND)
  writeFileSync(PAGE, part === 'scale' ? text + SECOND + drift : scale + SECOND + text)
}
