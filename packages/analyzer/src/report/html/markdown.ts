import MarkdownIt from 'markdown-it'
import { SafeHtml } from './safe-html.ts'

/** Headings in a recommendation sit below the card's own heading. */
const HEADING_SHIFT = 3

/**
 * Markdown without raw HTML and without images: a text may carry names that a stranger chose, and a
 * report must not load anything. `javascript:` and `data:` links are refused by the library.
 */
const renderer = new MarkdownIt({ html: false, linkify: false }).disable('image')

renderer.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  tokens[index]!.attrSet('rel', 'noopener noreferrer')
  return self.renderToken(tokens, index, options)
}

/** A recommendation's Markdown as HTML. */
export function renderMarkdown(text: string): SafeHtml {
  const tokens = renderer.parse(text, {})
  for (const token of tokens) {
    if (token.type === 'heading_open' || token.type === 'heading_close') {
      token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + HEADING_SHIFT)}`
    }
  }
  return new SafeHtml(renderer.renderer.render(tokens, renderer.options, {}))
}
