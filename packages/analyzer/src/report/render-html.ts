import { createHash } from 'node:crypto'
import type { PerformanceReport } from '../model/report.ts'
import { jsonTexts } from '../model/text-pieces.ts'
import { BRAND_ICON, BRAND_MARK } from './html/brand.ts'
import { escapeScriptJson, html, SafeHtml } from './html/safe-html.ts'
import { sectionTexts } from './html/sections.ts'
import { serviceName, time } from './html/words.ts'
import { type PageAsset, readPageAsset } from './page-assets.ts'

/**
 * A report as one HTML file, text by text. It loads nothing, and its content security policy names the hash of each
 * script and style in it: even a text that slipped through escaping could not run.
 */
export function* htmlTexts(report: PerformanceReport): Generator<string> {
  const style = readPageAsset('theme.css')
  const scripts = [
    readPageAsset('uplot.js'),
    `${joinModules('values.js', 'charts.js', 'times.js')}\ndrawCharts(document)\nlocalizeTimes(document)\n`,
  ]
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sourceHash).join(' ')}`,
    `style-src ${sourceHash(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const services = report.snapshot.services.map(serviceName).join(', ')
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Chokepoint ${report.version}">
<title>Performance report${services && `: ${services}`}</title>
<link rel="icon" href="${BRAND_ICON}">
<style>${new SafeHtml(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="masthead">
  <p class="brand">${BRAND_MARK} Chokepoint <span class="muted">performance report</span></p>
  <p class="muted small">${time(report.window.start)} – ${time(report.window.end)}</p>
</header>
<main id="content">
`.text
  yield* sectionTexts(report, { actions: false })
  yield html`
</main>
<footer class="footer"><p>Made by Chokepoint ${report.version}. Every figure comes with the PromQL that gives it again. The data of this report is in this file, as JSON, in the element <code>chokepoint-data</code>.</p></footer>
<script type="application/json" id="chokepoint-data">`.text
  for (const text of jsonTexts(report)) yield escapeScriptJson(text)
  yield html`</script>
<script>${new SafeHtml(scripts[0]!)}</script>
<script type="module">${new SafeHtml(scripts[1]!)}</script>
</body>
</html>
`.text
}

/** Scripts that import each other, as the one script of a file that loads nothing. */
function joinModules(...names: readonly PageAsset[]): string {
  return names.map((name) => readPageAsset(name).replace(/^import .*\n/gm, '')).join('\n')
}

function sourceHash(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`
}
