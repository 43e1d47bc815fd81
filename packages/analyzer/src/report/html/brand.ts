import { SafeHtml } from './safe-html.ts'

/** The mark: flow that narrows to a point. */
export const BRAND_MARK = new SafeHtml(
  '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"><path d="M2.5 4.5c6 0 6 5 9.5 5s3.5-5 9.5-5M2.5 19.5c6 0 6-5 9.5-5s3.5 5 9.5 5M2.5 12h5m9 0h5"/><circle cx="12" cy="12" r="1.1" fill="currentColor" stroke="none"/></svg>',
)

/** The same mark as an icon for the browser's tab, as a data URL. */
export const BRAND_ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#4a6cf0" stroke-width="2.2" stroke-linecap="round"><path d="M2.5 4.5c6 0 6 5 9.5 5s3.5-5 9.5-5M2.5 19.5c6 0 6-5 9.5-5s3.5 5 9.5 5"/><circle cx="12" cy="12" r="1.6" fill="#4a6cf0" stroke="none"/></svg>',
)}`
