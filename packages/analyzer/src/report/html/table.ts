import { html, type SafeHtml } from './safe-html.ts'

/** More rows than a person reads; JSON and CSV have them all. */
export const ROWS_MAX = 100

/** A table in a frame that scrolls by itself; a heading that starts with `#` is a column of numbers. */
export function table(
  testId: string,
  headings: readonly string[],
  rows: readonly SafeHtml[],
): SafeHtml {
  return html`<div class="card scroll" tabindex="0" role="region" aria-label="Table: ${testId.replace('-', ' ')}"><table data-testid="${testId}">
    <thead><tr>${headings.map((heading) =>
      heading.startsWith('#')
        ? html`<th scope="col" class="number">${heading.slice(1)}</th>`
        : html`<th scope="col">${heading}</th>`,
    )}</tr></thead>
    <tbody>${rows}</tbody>
  </table></div>`
}

/** Says how many rows are not shown, when there are such. */
export function leftOut(rows: number): SafeHtml | false {
  return (
    rows > ROWS_MAX &&
    html`<p class="muted small">${rows - ROWS_MAX} more rows are in the JSON and the CSV report.</p>`
  )
}
