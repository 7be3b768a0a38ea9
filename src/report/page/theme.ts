/** The button that switches between the theme of the system, light and dark. */
import { byId } from './dom.ts'

const THEMES = ['auto', 'light', 'dark'] as const

/** @param changed called when colours are others than before */
export function startTheme(changed: () => void): void {
  const button = byId('theme') as HTMLButtonElement
  button.hidden = false
  button.addEventListener('click', () => {
    const root = document.documentElement
    const now = THEMES.indexOf((root.dataset['theme'] ?? 'auto') as (typeof THEMES)[number])
    const next = THEMES[(now + 1) % THEMES.length] as string
    root.dataset['theme'] = next
    ;(button.lastElementChild as HTMLElement).textContent = next
    changed()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}
