/** Makes elements. Text is always set as text, never as HTML: most of it comes from servers. */
import { printable } from '../../core/printable.ts'

type Attributes = Readonly<Record<string, string>>

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const attribute in attributes) element.setAttribute(attribute, attributes[attribute] as string)
  element.append(...children)
  return element
}

/** Foreign text as one line: control characters and those that change its direction are shown, not obeyed. */
export const shown = (text: string): string => printable(text)

/** The same with its line breaks, for bodies. */
export const shownLines = (text: string): string => text.split(/\r?\n/).map(printable).join('\n')

export const byId = (id: string): HTMLElement | null => document.getElementById(id)

/** A colour of the theme as a canvas needs it. */
export function colour(name: string): string {
  const probe = byId('probe') as HTMLElement
  probe.style.color = `var(--${name})`
  return getComputedStyle(probe).color
}
