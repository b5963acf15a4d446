/** B40: splitting a stream into messages, and wrong lengths. */
import { deepStrictEqual, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  type Action,
  decode,
  encode,
  Framer,
  type Message,
  OpenFlowError,
  VERSIONS,
} from '../../../src/openflow/index.ts'
import { messagesIn } from '../support/messages.ts'

/** Some of every type of every version. */
const samples = (count: number): Uint8Array[] =>
  VERSIONS.flatMap((version) =>
    Object.values(messagesIn(version)).flatMap((arbitrary) =>
      fc
        .sample(arbitrary as fc.Arbitrary<Message>, { numRuns: count, seed: 7 })
        .map((message) => encode({ ...message, version })),
    ),
  )

/** What comes out of a framer, as copies. */
function frames(chunks: Iterable<Uint8Array>): Uint8Array[] {
  const framer = new Framer()
  const out: Uint8Array[] = []
  for (const chunk of chunks) for (const frame of framer.push(chunk)) out.push(frame.slice())
  deepStrictEqual(framer.held, 0)
  return out
}

t.test('B40 a message cut at every byte boundary', async () => {
  for (const bytes of samples(2)) {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      deepStrictEqual(frames([bytes.subarray(0, cut), bytes.subarray(cut)]), [bytes])
    }
    deepStrictEqual(frames(Array.from(bytes, (octet) => Uint8Array.of(octet))), [bytes])
  }
})

t.test('B40 several messages in one chunk, and many messages in chunks of any size', async () => {
  const all = samples(3)
  const stream = new Uint8Array(Buffer.concat(all))
  deepStrictEqual(frames([stream]), all)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      deepStrictEqual(frames(places.slice(1).map((end, index) => stream.subarray(places[index], end))), all)
    }),
  )
})

t.test('B40 a wrong length: one shorter than the header is refused, a longer one waits', async () => {
  for (const length of [0, 1, 7]) {
    const head = Uint8Array.of(6, 2, 0, length, 0, 0, 0, 1)
    throws(() => [...new Framer().push(head)], { code: 'malformed', offset: 2, error: { errorType: 1, code: 6 } })
  }
  const framer = new Framer()
  deepStrictEqual([...framer.push(Uint8Array.of(6, 2, 0xff, 0xff, 0, 0, 0, 1))], [])
  deepStrictEqual(framer.held, 8)
})

t.test('B40 a wrong length inside a message is refused with its offset and the error to answer', async () => {
  let refused = 0
  for (const bytes of samples(3)) {
    for (let at = 8; at + 1 < bytes.length; at += 1) {
      for (const lie of [0, 3, 7, 0xffff]) {
        const changed = bytes.slice()
        new DataView(changed.buffer).setUint16(at, lie)
        try {
          decode(changed)
        } catch (error) {
          ok(error instanceof OpenFlowError, String(error))
          deepStrictEqual(error.code, 'malformed')
          ok(error.offset !== undefined && error.offset <= bytes.length)
          ok(error.error !== undefined)
          refused += 1
        }
      }
    }
  }
  ok(refused > 1000)
})

t.test('B40 no octets make the decoder throw anything but its own error', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VERSIONS),
      fc.integer({ min: 0, max: 40 }),
      fc.uint8Array({ maxLength: 200 }),
      (version, type, body) => {
        const bytes = new Uint8Array([version, type, 0, 8 + body.length, 0, 0, 0, 1, ...body])
        try {
          decode(bytes)
        } catch (error) {
          ok(error instanceof OpenFlowError && error.code === 'malformed' && error.error, String(error))
        }
      },
    ),
    { numRuns: 5000 },
  )
})

t.test('B40 an unknown version is refused with BAD_VERSION, except for messages that every version has', async () => {
  for (const version of [0, 1, 2, 3, 7, 255]) {
    throws(() => decode(Uint8Array.of(version, 5, 0, 8, 0, 0, 0, 1)), { error: { errorType: 1, code: 0 } })
    deepStrictEqual(decode(Uint8Array.of(version, 0, 0, 8, 0, 0, 0, 1)), { version, xid: 1, type: 'hello' })
    deepStrictEqual(decode(Uint8Array.of(version, 2, 0, 8, 0, 0, 0, 1)).type, 'echo_request')
  }
})

t.test('B40 unknown types, actions, instructions, fields and multiparts are kept byte for byte', async () => {
  const flowMod = encode({
    type: 'flow_mod',
    command: 'add',
    table: 0,
    priority: 0,
    match: [
      { field: 'unknown', class: 0x7000, type: 5, hasMask: true, body: Uint8Array.of(1, 2, 3, 4) },
      { field: 'unknown', class: 0xffff, type: 5, hasMask: false, experimenter: 0xabcdef, body: Uint8Array.of(9) },
    ],
    instructions: [
      {
        type: 'apply_actions',
        actions: [
          { type: 'unknown', code: 99, body: Uint8Array.of(1, 2, 3, 4) },
          { type: 'unknown', code: 0xffff, experimenter: 0x2320, body: Uint8Array.of(0, 200, 1, 2, 3, 4, 5, 6) },
          { type: 'unknown', code: 0xffff, experimenter: 0x1234, body: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
        ],
      },
      { type: 'unknown', code: 0xffff, body: Uint8Array.of(1, 2, 3, 4) },
    ],
  })
  const others = [
    Uint8Array.of(6, 77, 0, 11, 0, 0, 0, 1, 1, 2, 3),
    Uint8Array.of(6, 4, 0, 16, 0, 0, 0, 1, 0, 0, 0x23, 0x20, 0, 0, 0, 9),
    Uint8Array.of(6, 19, 0, 18, 0, 0, 0, 1, 0, 99, 0, 1, 0, 0, 0, 0, 1, 2),
  ]
  for (const bytes of [flowMod, ...others]) deepStrictEqual(encode(decode(bytes)), bytes)
})

/** A flow_mod with this match and these actions, in hexadecimal. */
function flowMod(match: string, actions = ''): Uint8Array {
  const hex = (length: number): string => length.toString(16).padStart(4, '0')
  const fields = `0001${hex(4 + match.length / 2)}${match}`
  const padded = fields.padEnd(Math.ceil(fields.length / 16) * 16, '0')
  const instructions = actions === '' ? '' : `0004${hex(8 + actions.length / 2)}00000000${actions}`
  const body = `${'00'.repeat(24)}${'ff'.repeat(12)}00000000${padded}${instructions}`
  return new Uint8Array(Buffer.from(`060e${hex(8 + body.length / 2)}00000001${body}`, 'hex'))
}

t.test('B40 decoded messages are encoded as they came: unused bits of a field, older headers, padding', async () => {
  const matches = ['80000d041005ffff', '8000390800012345ffffffff', '0001d30800000020ffffffff', '800055040002ffff']
  for (const match of [...matches, '0001d1040001ffff', '80000c02f005', '80000a02884780004404000fffff']) {
    const bytes = flowMod(match)
    deepStrictEqual(encode(decode(bytes)), bytes, match)
  }
  const actions = [
    // output:NXM_NX_TUN_ID[0..31], and by the header of OpenFlow
    'ffff001800002320000f001f00012008ffff000000000000',
    'ffff001800002320000f001f80004c08ffff000000000000',
    // move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15], of all of ct_state, of more bits than there are, of a masked header
    '001c001800100000000000000000000200010004'.padEnd(48, '0'),
    '001c00180020000000000000 0001d204 00010004'.replaceAll(' ', '').padEnd(48, '0'),
    '001c00180030000000000000 00010004 00010204'.replaceAll(' ', '').padEnd(48, '0'),
    '001c00180010000000000000 00010108 00010204'.replaceAll(' ', '').padEnd(48, '0'),
    // set_field:LOCAL->in_port, pop_queue, dec_ttl(1,2), of fewer ids than promised
    '0019001000000002fffe000000000000',
    'ffff0010000023200005000000000000',
    'ffff001800002320001500020000000000010002'.padEnd(48, '0'),
    'ffff001800002320001500090000000000010002'.padEnd(48, '0'),
    // Padding that is not zero, and more of it than there should be.
    '0000001000000001000000000000ff00',
    '0018001000000000'.padEnd(32, '0'),
  ]
  for (const action of actions) {
    const bytes = flowMod('', action)
    deepStrictEqual(encode(decode(bytes)), bytes, action)
  }
  const hello = Uint8Array.of(6, 0, 0, 24, 0, 0, 0, 1, 0, 1, 0, 12, 0, 0, 0, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 0)
  deepStrictEqual(decode(hello), { version: 6, xid: 1, type: 'hello', versions: [6, 63] })
  deepStrictEqual(encode(decode(hello)), hello)
})

t.test('B40 deeply nested clones are kept as octets', async () => {
  for (const depth of [10, 100, 2500, 4000]) {
    let actions = ''
    for (let left = depth; left > 0; left -= 1) {
      actions += `ffff${(left * 16).toString(16).padStart(4, '0')}00002320002a000000000000`
    }
    const bytes = flowMod('', actions)
    deepStrictEqual(encode(decode(bytes)), bytes)
  }
  const barrier = encode({ type: 'barrier_request' })
  const bundled = (message: Uint8Array): Uint8Array =>
    new Uint8Array(
      Buffer.concat([Uint8Array.of(6, 34, 0, 16 + message.length, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3), message]),
    )
  deepStrictEqual(decode(bundled(barrier)).type, 'bundle_add')
  throws(() => decode(bundled(bundled(barrier))), { code: 'malformed', error: { errorType: 17, code: 10 } })
})

t.test('B44 the data of an error may be cut to 64 octets, or to none', async () => {
  for (const size of [0, 1, 8, 64]) {
    const data = new Uint8Array(size).fill(7)
    const decoded = decode(encode({ type: 'error', errorType: 17, code: 2, data }))
    deepStrictEqual(decoded, { version: 6, xid: 0, type: 'error', errorType: 17, code: 2, data })
  }
})

t.test('a value that does not fit its field is refused by name', async () => {
  const mod = { type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [] } as const
  const refused = (message: Message, words: RegExp): void =>
    throws(() => encode(message), { code: 'out-of-range', message: words })
  refused({ ...mod, priority: 65536 }, /priority holds 65536/)
  refused({ ...mod, table: -1 }, /table holds -1/)
  refused({ ...mod, cookie: 1n << 64n }, /cookie/)
  refused({ ...mod, match: [{ field: 'vlan_vid', value: 0x2000 }] }, /vlan_vid holds 8192/)
  refused({ ...mod, match: [{ field: 'reg0', value: 1.5 }] }, /reg0 holds 1.5/)
  refused({ ...mod, match: [{ field: 'metadata', value: -1n }] }, /metadata holds -1/)
  refused({ ...mod, instructions: [{ type: 'goto_table', table: 256 }] }, /goto_table holds 256/)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: [{ type: 'output', port: -1 }] }] }, /output port/)
  const act = (action: Action, words: RegExp): void =>
    refused({ ...mod, instructions: [{ type: 'apply_actions', actions: [action] }] }, words)
  act({ type: 'set_ttl', ttl: 300 }, /set_ttl holds 300/)
  act({ type: 'resubmit', table: 300 }, /table holds 300/)
  act({ type: 'push_vlan', ethertype: 0x18100 }, /push_vlan holds/)
  act({ type: 'output', port: 1, maxLen: 70_000 }, /maxLen holds 70000/)
  act({ type: 'controller', maxLen: 70_000, controllerId: 0, reason: 1 }, /maxLen/)
  act({ type: 'controller', maxLen: 0, controllerId: -1, reason: 1 }, /controllerId/)
  act({ type: 'controller', maxLen: 0, controllerId: 0, reason: 256 }, /reason/)
  const reg0 = { field: 'reg0', offset: 0 } as const
  act({ type: 'reg_move', src: reg0, dst: { field: 'reg1', offset: 16 }, bits: 17 }, /reg1: it has 32/)
  act({ type: 'output_reg', ...reg0, bits: 33, maxLen: 0 }, /reg0: it has 32/)
  act({ type: 'output_reg', field: 'xxreg0', offset: 0, bits: 65, maxLen: 0 }, /at most 64 are possible/)
  act({ type: 'note', note: new Uint8Array(65_530) }, /octets: at most 65535/)
  refused({ ...mod, bufferId: 1.5 }, /bufferId holds 1.5/)
  refused({ ...mod, outPort: -2 }, /outPort holds -2/)
  refused({ ...mod, outGroup: 2 ** 33 + 1 }, /outGroup/)
  refused({ ...mod, match: [{ field: 'pbb_isid', value: 2 ** 24 }] }, /pbb_isid/)
  refused({ ...mod, match: [{ field: 'eth_src', value: 2 ** 48 }] }, /eth_src/)
  refused({ ...mod, match: [{ field: 'ct_label', value: 1n << 128n }] }, /ct_label/)
  const unknown = { field: 'unknown', class: 1, type: 5, hasMask: false, body: new Uint8Array(4) } as const
  refused({ ...mod, match: [{ ...unknown, type: 128 }] }, /type of a field/)
  refused({ ...mod, match: [{ ...unknown, class: 0x1_0000 }] }, /class holds/)
  refused({ ...mod, match: [{ ...unknown, body: new Uint8Array(256) }] }, /length of a field holds 256/)
  refused({ type: 'multipart_request', multipart: 'flow', table: 256 }, /table holds 256/)
  refused({ type: 'multipart_request', multipart: 'flow', cookie: -1n }, /cookie holds -1/)
  const monitor = { monitor: 1, command: 'add', flags: 0x1_0000 } as const
  refused({ type: 'multipart_request', multipart: 'flow_monitor', monitors: [monitor] }, /flags holds 65536/)
  const port = { port: 1, address: 0, name: '', config: 0, state: 0, properties: [] }
  refused({ type: 'port_status', reason: 'add', port: { ...port, port: -1 } }, /port holds -1/)
  refused({ type: 'port_status', reason: 'add', port: { ...port, address: 2 ** 50 } }, /address holds/)
  const packet = {
    type: 'packet_in',
    bufferId: 0,
    reason: 'group',
    cookie: 0n,
    match: [],
    data: new Uint8Array(),
  } as const
  refused({ ...packet, totalLength: 70_000, table: 0 }, /totalLength/)
  refused({ ...packet, totalLength: 0, table: 300 }, /table/)
  const many = Array.from({ length: 5000 }, () => ({ type: 'output', port: 1 }) as const)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: many }] }, /at most 65535 are possible/)
})
