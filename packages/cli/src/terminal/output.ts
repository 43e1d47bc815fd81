import { styleText } from 'node:util'

/** Where a command writes: data to `out`, everything that is only for people to `err`. */
export interface Output {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
}

export type TextStyle = Parameters<typeof styleText>[0]

/** Colours text where the stream is a terminal that wants them; elsewhere the text stays as it is. */
export function paint(stream: NodeJS.WriteStream, style: TextStyle, text: string): string {
  return styleText(style, text, { stream, validateStream: true })
}
