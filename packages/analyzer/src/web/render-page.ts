import type { PerformanceReport } from '../model/report.ts'
import { BRAND_ICON, BRAND_MARK } from '../report/html/brand.ts'
import { html, type SafeHtml, scriptJson } from '../report/html/safe-html.ts'

export interface PageContent {
  /** Absent where a reader must say first who they are. */
  readonly report: PerformanceReport | undefined
  /** The report's body, where there is a report. */
  readonly sections: SafeHtml | undefined
  readonly version: string
  /** The server's address as the browser sees it. */
  readonly origin: string
}

/** The live page with what is known now; its script keeps it up to date from there. */
export function renderPage({ report, sections, version, origin }: PageContent): string {
  const hasData = report !== undefined && report.snapshot.series > 0
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Chokepoint</title>
<link rel="icon" href="${BRAND_ICON}">
<link rel="stylesheet" href="/page/theme.css">
<script src="/page/uplot.js" defer></script>
<script src="/page/live.js" type="module"></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="masthead">
  <p class="brand">${BRAND_MARK} Chokepoint</p>
  <nav class="tools" aria-label="Report">
    <a href="/api/v1/report?format=html" data-report="html">Report</a>
    <a href="/api/v1/report?format=csv" data-report="csv">CSV</a>
    <a href="/api/v1/report?format=json" data-report="json">JSON</a>
    <a href="/api/v1/openapi.json" data-report="openapi">API</a>
    <p class="status" id="status" role="status" data-state="waiting" data-testid="status">Connecting</p>
  </nav>
</header>
<main id="content" data-guarded="${report === undefined ? 'yes' : 'no'}">
${report !== undefined && (hasData ? sections : renderWelcome(origin))}
</main>
<form class="card access" id="access" hidden>
  <p>This analyzer asks who you are.</p>
  <input name="username" autocomplete="username" value="token" hidden>
  <label>Token <input name="token" type="password" autocomplete="current-password"></label>
  <label>Tenant <input name="tenant" autocomplete="off" placeholder="X-Scope-OrgID"></label>
  <p class="buttons"><button type="submit">Show</button></p>
</form>
<footer class="footer"><p>Chokepoint ${version}. Every figure comes with the PromQL that gives it again.</p></footer>
<script type="application/json" id="chokepoint-data">${scriptJson({ charts: report?.charts ?? [] })}</script>
</body>
</html>
`.text
}

/** What is shown before the first metric: how to send some. */
export function renderWelcome(origin: string): SafeHtml {
  return html`<section class="summary" data-health="unknown" aria-labelledby="verdict">
  <p class="eyebrow"><span class="badge" data-kind="unknown">No data yet</span><span data-testid="health" hidden>unknown</span></p>
  <h1 id="verdict" data-testid="verdict">Waiting for the first metrics.</h1>
</section>
<section class="card welcome" data-testid="welcome" aria-label="How to send metrics">
  <div><h2>A Node.js service</h2>
    <p>One flag measures it. Nothing in the code changes.</p>
    <pre tabindex="0"><code>OTEL_SERVICE_NAME=my-service \\
OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${origin}/api/v1/otlp/v1/metrics \\
node --import @chokepoint/instrumentation/register app.js</code></pre></div>
  <div><h2>Anything that speaks OTLP</h2>
    <p>Point its OTLP/HTTP metrics exporter here.</p>
    <pre tabindex="0"><code>OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${origin}/api/v1/otlp/v1/metrics</code></pre></div>
  <p class="muted">This page shows the first figures by itself, seconds after they arrive.</p>
</section>`
}
