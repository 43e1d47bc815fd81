// @ts-check

const shown = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/**
 * Writes each `<time>` below `root` in the reader's own time zone; the UTC text stays as its title.
 * @param {ParentNode} root
 */
export function localizeTimes(root) {
  for (const element of root.querySelectorAll('time[datetime]')) {
    const instant = new Date(element.getAttribute('datetime') ?? '')
    if (Number.isNaN(instant.getTime())) continue
    element.setAttribute('title', instant.toISOString())
    element.textContent = shown.format(instant)
  }
}
