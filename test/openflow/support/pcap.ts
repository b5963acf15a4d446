/** Writes messages as a capture file. Each message is a TCP segment of one connection. */

const ETHERNET = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]

/** @param port the controller's TCP port */
export function pcap(messages: readonly Uint8Array[], port: number): Uint8Array {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(0x40000, 16)
  head.writeUInt32LE(1, 20)
  let sequence = 1
  const records = messages.map((message, index) => {
    const packet = segment(message, port, sequence)
    sequence = (sequence + message.length) >>> 0
    const record = Buffer.alloc(16)
    record.writeUInt32LE(index, 0)
    record.writeUInt32LE(packet.length, 8)
    record.writeUInt32LE(packet.length, 12)
    return Buffer.concat([record, packet])
  })
  return Buffer.concat([head, ...records])
}

function segment(payload: Uint8Array, port: number, sequence: number): Buffer {
  const ip = Buffer.alloc(20)
  ip[0] = 0x45
  // A length that does not fit its field stays 0, as in captures of offloaded segments.
  ip.writeUInt16BE(payload.length + 40 > 0xffff ? 0 : payload.length + 40, 2)
  ip[8] = 64
  ip[9] = 6
  ip.set([10, 0, 0, 1], 12)
  ip.set([10, 0, 0, 2], 16)
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(40_000, 0)
  tcp.writeUInt16BE(port, 2)
  tcp.writeUInt32BE(sequence, 4)
  tcp[12] = 0x50
  tcp[13] = 0x18
  tcp.writeUInt16BE(0xffff, 14)
  return Buffer.concat([Buffer.from(ETHERNET), ip, tcp, payload])
}
