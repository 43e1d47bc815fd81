/**
 * Where our own files lie, as the beginning of their URLs. It must be asked from a file of this folder: that is where the
 * watch thread's one file lies when it is built.
 */
export const OWN_CODE = new URL('../', import.meta.url).href
