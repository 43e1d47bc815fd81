/** Gives the present in Unix milliseconds: the wall clock, or the newest sample of a tenant. */
export type Clock = () => number
