/** Label names and values of one series, alert or rule; the metric's name is `__name__`. */
export type Labels = Readonly<Record<string, string>>
