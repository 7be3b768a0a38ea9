/** Whether the user wrote the origin of a template, or a value of a response decides it. */

/** A value of a chain in braces, also after an operator and in a list. */
const VALUE = /\{[^{}]*\bvalue\b[^{}]*\}/
const WHOLE_ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#]+(?:[/?#]|$)/i

/** A template without a scheme leads to the origin of its base, or of the page. */
export function namesOrigin(template: string): boolean {
  const at = VALUE.exec(template)?.index ?? template.length
  const rest = template.slice(at)
  // These operators begin a path, a query or a fragment.
  if (rest !== '' && !/^\{[/?#]/.test(rest) && !/^[^/?#]+:\/\/[^/?#]+[/?#]/.test(template.slice(0, at))) return false
  return WHOLE_ORIGIN.test(template.slice(0, at).replaceAll(/\{[^{}]*\}/g, 'x'))
}
