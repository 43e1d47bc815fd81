import { plainText } from './plain-text.ts'

const STEPS_MAX = 3

/**
 * The gist of a recommendation's Markdown, a few sentences: the paragraph that says what to do, else the
 * steps by their bold openings, else the first paragraph that says more than the finding's own summary.
 */
export function adviceGist(text: string, summary: string): readonly string[] {
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => paragraph.trim())
  const whatToDo = paragraphs.find((paragraph) => paragraph.startsWith('**What to do**'))
  if (whatToDo !== undefined) {
    return [plainText(whatToDo.replace(/^\*\*What to do\*\*:?\s*/, ''))]
  }
  const steps = [...text.matchAll(/^ {0,3}(?:\d+\.|[-*]) \*\*(.+?)\*\*/gms)]
  if (steps.length > 0) {
    return steps.slice(0, STEPS_MAX).map(([, step]) => `- ${plainText(step!)}`)
  }
  const first = paragraphs.find(
    (paragraph) => !/^(#|```|\||<)/.test(paragraph) && !paragraph.startsWith(summary),
  )
  return first === undefined ? [] : [plainText(first)]
}
