/** What an expression evaluates to. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'
