/** Measures the messages that one core encodes and decodes per second, with our library and with os-ken. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { decode, encode, type FlowMod, type Message } from '../src/openflow/index.ts'
import { say } from './figures.ts'

/** The least time of each measurement. */
const MIN_DURATION_S = 2

export interface CodecRates {
  /** Messages per second: flow_mods with 4 fields and 3 actions. */
  readonly encode: { readonly ours: number; readonly osKen: number }
  /** Messages per second: a mix of these flow_mods, packet_ins and flow statistics of ten flows. */
  readonly decode: { readonly ours: number; readonly osKen: number }
}

const flow = (n: number) =>
  ({
    table: 3,
    priority: 100,
    cookie: BigInt(n),
    match: [
      { field: 'in_port', value: 7 },
      { field: 'eth_dst', value: 0x020000000000 + n },
      { field: 'eth_type', value: 0x0800 },
      { field: 'ipv4_dst', value: 0x0a000000 + n },
    ],
    instructions: [
      {
        type: 'apply_actions',
        actions: [
          { type: 'push_vlan', ethertype: 0x8100 },
          { type: 'set_field', field: 'vlan_vid', value: 0x1065 },
          { type: 'output', port: 3 },
        ],
      },
    ],
  }) as const

const flowMod = (n: number): FlowMod & { xid: number } => ({ type: 'flow_mod', command: 'add', xid: n, ...flow(n) })

const packetIn = (n: number): Message => ({
  type: 'packet_in',
  xid: 0,
  bufferId: 0xffffffff,
  totalLength: 98,
  reason: 'apply_action',
  table: 3,
  cookie: BigInt(n),
  match: [{ field: 'in_port', value: 7 }],
  data: new Uint8Array(98).fill(n),
})

const flowStats = (n: number): Message => ({
  type: 'multipart_reply',
  multipart: 'flow',
  xid: n,
  flows: Array.from({ length: 10 }, (_, at) => ({
    ...flow(n * 10 + at),
    stats: { duration: { seconds: n, nanoseconds: 5 }, packets: BigInt(n), bytes: BigInt(n * 98) },
  })),
})

export async function codecRates(): Promise<CodecRates> {
  const mods = Array.from({ length: 1000 }, (_, n) => flowMod(n + 1))
  const messages = Array.from({ length: 100 }, (_, n) => [flowMod(n + 1), packetIn(n + 1), flowStats(n + 1)])
    .flat()
    .map((message) => encode(message))
  say('messages, ours ...')
  const ours = { encode: rate(encode, mods), decode: rate(decode, messages) }
  say('messages, os-ken ...')
  const theirs = await osKen(messages)
  if (theirs.encoded !== Buffer.from(encode(flowMod(1))).toString('hex'))
    throw new Error(`os-ken encodes another flow_mod: ${theirs.encoded}`)
  return {
    encode: { ours: ours.encode, osKen: theirs.encode },
    decode: { ours: ours.decode, osKen: theirs.decode },
  }
}

/** The number of items per second. */
function rate<T>(work: (item: T) => unknown, items: readonly T[]): number {
  const run = (seconds: number) => {
    const began = performance.now()
    for (let done = items.length; ; done += items.length) {
      for (const item of items) work(item)
      const took = (performance.now() - began) / 1000
      if (took > seconds) return done / took
    }
  }
  run(MIN_DURATION_S / 4)
  return run(MIN_DURATION_S)
}

async function osKen(messages: readonly Uint8Array[]) {
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'codec.py')])
  child.stdin.end(
    JSON.stringify({ seconds: MIN_DURATION_S, messages: messages.map((bytes) => Buffer.from(bytes).toString('hex')) }),
  )
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (child.exitCode !== 0) throw new Error(`os-ken: ${err}`)
  return JSON.parse(out) as { encoded: string; encode: number; decode: number }
}
