/** Installs the packages that are compared with, if that has not been done. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export function install(): void {
  const here = fileURLToPath(new URL('.', import.meta.url))
  if (!existsSync(`${here}node_modules`)) execFileSync('npm', ['ci'], { cwd: here, stdio: 'inherit' })
}
