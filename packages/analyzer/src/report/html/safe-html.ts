/** Text that is HTML already: made by `html` or by a renderer that escapes for itself. */
export class SafeHtml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What `html` takes between its pieces; `false`, `null` and `undefined` leave nothing. */
export type HtmlValue = SafeHtml | string | number | false | null | undefined | readonly HtmlValue[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text with what HTML gives a meaning written as entities; right in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char]!)
}

/** Template tag: every value is escaped unless it is `SafeHtml`; arrays are joined. */
export function html(pieces: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  let text = pieces[0]!
  for (const [index, value] of values.entries()) text += render(value) + pieces[index + 1]!
  return new SafeHtml(text)
}

function render(value: HtmlValue): string {
  if (value === false || value === null || value === undefined) return ''
  if (value instanceof SafeHtml) return value.text
  if (typeof value === 'object') return value.map(render).join('')
  return escapeHtml(String(value))
}

/** JSON for a `<script type="application/json">`. */
export function scriptJson(data: unknown): SafeHtml {
  return new SafeHtml(escapeScriptJson(JSON.stringify(data)))
}

/**
 * JSON, or a part of it, as it may stand in a script element. `<` is written `\u003c`, so no text in the data can
 * end the element or open a comment; the two line separators keep it valid in old script parsers.
 */
export function escapeScriptJson(json: string): string {
  return json
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
}
