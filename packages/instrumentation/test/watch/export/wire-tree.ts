/** A protobuf message, read without its schema: field, wire type and content of each field. */
export type WireTree = readonly (readonly [key: number, content: bigint | string | WireTree])[]

/**
 * Reads protobuf as far as it can be read without a schema. Zeros and empty messages are left out: in proto3 they
 * mean the same as an absent field.
 *
 * @param messages keys whose content is a message: as a path of keys, joined by `.`
 */
export function readWire(bytes: Uint8Array, messages: ReadonlySet<string>, path = ''): WireTree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const tree: [number, bigint | string | WireTree][] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const take = (size: number): number => {
    at += size
    return at - size
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const name = `${path}${key >> 3}`
    const wireType = key & 7
    if (wireType === 0 || wireType === 1 || wireType === 5) {
      const value =
        wireType === 0
          ? varint()
          : wireType === 1
            ? view.getBigUint64(take(8), true)
            : BigInt(view.getUint32(take(4), true))
      if (value !== 0n || wireType !== 0) tree.push([key, value])
      continue
    }
    const size = Number(varint())
    const content = bytes.subarray(at, at + size)
    at += size
    if (content.length !== size) throw new RangeError(`field ${name} ends after the message`)
    if (!isMessage(name, messages)) tree.push([key, Buffer.from(content).toString('latin1')])
    else {
      const inner = readWire(content, messages, `${name}.`)
      if (inner.length > 0) tree.push([key, inner])
    }
  }
  return tree
}

/** An attribute's value may hold values in turn: `5.1` again and again. */
function isMessage(name: string, messages: ReadonlySet<string>): boolean {
  return messages.has(name.replace(/(\.5\.1)+(?=\.5$|$)/, ''))
}
