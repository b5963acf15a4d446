/** Flow monitors of OpenFlow 1.0, an extension of Nicira: octets, the text of ovs-ofctl, and real Open vSwitch. */
import { deepStrictEqual, throws } from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import {
  type Action,
  type Decoded,
  decode,
  encode,
  type FlowUpdate,
  type Message,
  MONITOR_FLAGS,
  PORT,
  printFlow,
} from '../../../src/openflow/index.ts'
import { bytes, match, u8, u16, u32, u64 } from '../support/arbitrary.ts'
import { noOfctl } from '../support/ofctl.ts'
import { noOvs, Ovs, output } from '../support/ovs.ts'
import { Peer } from '../support/peer.ts'
import { same } from '../support/same.ts'

const version = 1
const { initial, add, removed, modify, instructions, noAbbrev } = MONITOR_FLAGS
const ALL = initial | add | removed | modify | instructions | noAbbrev
const hex = (message: Message): string => Buffer.from(encode(message)).toString('hex')

const port = fc.oneof(fc.integer({ min: 0, max: 0xfeff }), fc.constantFrom(PORT.LOCAL, PORT.ANY, PORT.CONTROLLER))
const body = fc.uint8Array({ minLength: 4, maxLength: 4 })
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('output' as const), port }),
  fc.record({ type: fc.constant('resubmit' as const), table: fc.integer({ min: 0, max: 254 }) }),
  fc.constant<Action>({ type: 'dec_ttl', nicira: true }),
  fc.constant<Action>({
    type: 'ct',
    actions: [{ type: 'nat' }, { type: 'unknown', code: 1, body: Uint8Array.of(0, 5, 0, 0) }],
  }),
  fc.record({
    type: fc.constant('clone' as const),
    actions: fc.tuple(fc.record({ type: fc.constant('output' as const), port })),
  }),
  fc.record({ type: fc.constant('unknown' as const), code: fc.constantFrom(1, 3, 22, 25), body }),
)
const reasons = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const
const told = fc.record({
  event: fc.constantFrom('added', 'removed', 'modified'),
  reason: fc.constantFrom(...reasons),
  table: u8,
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  cookie: u64,
  match,
  instructions: fc
    .array(action, { maxLength: 3 })
    .map((actions) => (actions.length === 0 ? [] : [{ type: 'apply_actions' as const, actions }])),
})
const abbrev = fc.record({ event: fc.constant('abbrev' as const), xid: u32 })
const monitor = fc.record({
  monitor: u32,
  command: fc.constant('add' as const),
  flags: fc.integer({ min: 0, max: 63 }),
  table: u8,
  outPort: port,
  outGroup: fc.constant(0xffffffff),
  match,
})
const unknown = (code: fc.Arbitrary<number>, body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<object> =>
  fc.record({ type: fc.constant('multipart_request'), multipart: fc.constant('unknown'), code, body })
/** The experimenter, and the part that each vendor defines. The header of Nicira's own messages is longer. */
const vendors = fc.uint8Array({ minLength: 4, maxLength: 40 }).filter(([first]) => first !== 0)
const niciras = bytes.map((rest) => Uint8Array.of(0, 0, 0x23, 0x20, 0, 0, 0, 99, 0, 0, 0, 0, ...rest))
const messages: ReadonlyArray<fc.Arbitrary<object>> = [
  fc.record({
    type: fc.constant('multipart_request'),
    multipart: fc.constant('flow_monitor'),
    monitors: fc.array(monitor),
  }),
  fc.record({
    type: fc.constant('multipart_reply'),
    multipart: fc.constant('flow_monitor'),
    updates: fc.array(fc.oneof(told, abbrev)),
  }),
  unknown(fc.integer({ min: 0, max: 0xfffe }), bytes),
  unknown(fc.constant(0xffff), fc.oneof(vendors, niciras)),
  fc.record({ type: fc.constant('flow_monitor_cancel'), monitor: u32 }),
  fc.record({ type: fc.constantFrom('flow_monitor_paused', 'flow_monitor_resumed') }),
]

t.test('decoding an encoded flow update returns it, and encoding gives the same octets', async () => {
  for (const arbitrary of messages) {
    fc.assert(
      fc.property(arbitrary, u32, (body, xid) => {
        const message = { ...body, version, xid } as Decoded
        const octets = Uint8Array.from(encode(message))
        same(decode(octets), message)
        deepStrictEqual(encode(decode(octets)), octets)
      }),
      { numRuns: 200 },
    )
  }
})

const request = (more: object = {}): Message => ({
  type: 'multipart_request',
  version,
  multipart: 'flow_monitor',
  monitors: [{ monitor: 5, command: 'add', flags: ALL, ...more }],
})
const update = (actions: readonly Action[]): Message => ({
  type: 'multipart_reply',
  version,
  multipart: 'flow_monitor',
  updates: [
    {
      event: 'added',
      reason: 'idle_timeout',
      table: 3,
      priority: 7,
      idleTimeout: 5,
      hardTimeout: 0,
      cookie: 0x9n,
      match: [{ field: 'in_port', value: 3 }],
      instructions: [{ type: 'apply_actions', actions }],
    },
    { event: 'abbrev', xid: 0x77 },
  ],
})

t.test(
  'fields without a form in 1.0 are refused with their name, and other messages of 1.0 are not supported',
  async () => {
    const lacks = (message: Message, words: RegExp): void =>
      throws(() => encode(message), { code: 'out-of-range', message: words })
    lacks(request({ command: 'delete' }), /command delete of a flow monitor: OpenFlow 1.0/)
    lacks(request({ outGroup: 5 }), /outGroup of a flow monitor/)
    lacks(request({ flags: 64 }), /onlyOwn/)
    lacks(request({ isBare: true }), /isBare/)
    lacks(request({ outPort: 0x10000 }), /outPort holds 65536/)
    lacks(update([{ type: 'push_vlan', ethertype: 0x8100 }]), /action push_vlan: OpenFlow 1.0/)
    lacks(update([{ type: 'copy_ttl_in' }]), /action copy_ttl_in/)
    lacks({ type: 'barrier_request', version }, /barrier_request/)
    lacks({ type: 'multipart_request', version, multipart: 'desc' }, /multipart desc: OpenFlow 1.0/)
    for (const type of [5, 13, 14, 18, 20]) {
      throws(() => decode(Uint8Array.of(1, type, 0, 8, 0, 0, 0, 1)), { error: { errorType: 1, code: 0 } })
    }
    const role = [0, 0, 0x23, 0x20, 0, 0, 0, 10, 0, 0, 0, 1]
    throws(() => decode(Uint8Array.of(1, 4, 0, 20, 0, 0, 0, 1, ...role)), { error: { errorType: 1, code: 0 } })
  },
)

t.test(
  "a vendor's says whose it is, and Nicira's which, as ovs-ofctl ofp-print wants it",
  { skip: noOfctl },
  async (t) => {
    const of = (body: Uint8Array): Uint8Array =>
      Uint8Array.of(1, 16, 0, 12 + body.length, 0, 0, 0, 1, 255, 255, 0, 0, ...body)
    const nicira = Uint8Array.of(0, 0, 0x23, 0x20, 0, 0, 0, 99, 0, 0, 0, 0)
    const other = nicira.with(0, 1)
    for (const whole of [nicira, other]) {
      for (let length = 0; length <= whole.length; length += 1) {
        const body = whole.slice(0, length)
        const message: Message = {
          type: 'multipart_request',
          version,
          xid: 1,
          multipart: 'unknown',
          code: 0xffff,
          body,
        }
        const printed = await output('ovs-ofctl', ['ofp-print', Buffer.from(of(body)).toString('hex')])
        if (/OFPBRC_BAD_LEN/.test(printed)) {
          throws(() => decode(of(body)), { error: { errorType: 1, code: 6 } })
          throws(() => encode(message), { code: 'out-of-range', message: /^the body of an experimenter message/ })
        } else {
          t.match(printed, whole === nicira ? /OFPBRC_BAD_SUBTYPE/ : /OFPBRC_BAD_VENDOR/, 'it has no name for it')
          same(decode(of(body)), message)
          deepStrictEqual(encode(message), of(body))
        }
      }
    }
  },
)

t.test('ovs-ofctl ofp-print reads what we encode', { skip: noOfctl }, async (t) => {
  const printed = async (message: Message): Promise<string> => {
    const text = await output('ovs-ofctl', ['ofp-print', hex(message)])
    t.notMatch(text, /decode error|\*\*\*|WARN|trailing/i, text)
    return text
  }
  const asked = request({ table: 3, outPort: PORT.LOCAL, match: [{ field: 'eth_type', value: 0x800 }] })
  t.match(await printed(asked), /NXST_FLOW_MONITOR request.*\n id=5 flags=initial.*out_port=LOCAL table=3 ip/)
  const actions: Action[] = [
    { type: 'output', port: 4 },
    { type: 'output', port: PORT.CONTROLLER, maxLen: 99 },
    { type: 'set_field', field: 'reg3', value: 9 },
    { type: 'dec_ttl' },
    { type: 'unknown', code: 1, body: Uint8Array.of(0, 5, 0, 0) },
    { type: 'clone', actions: [{ type: 'output', port: 6 }] },
  ]
  const said = await printed(update(actions))
  t.match(
    said,
    /event=ADDED table=3 idle_timeout=5 cookie=0x9 in_port=3 actions=output:4,CONTROLLER:99,set_field:0x9->reg3,/,
  )
  t.match(said, /,dec_ttl,mod_vlan_vid:5,clone\(output:6\)\n event=ABBREV xid=0x77/)
  t.match(await printed({ type: 'flow_monitor_cancel', version, monitor: 5 }), /NXT_FLOW_MONITOR_CANCEL.*id=5/)
  t.match(await printed({ type: 'flow_monitor_paused', version }), /NXT_FLOW_MONITOR_PAUSED/)
  t.match(await printed({ type: 'flow_monitor_resumed', version }), /NXT_FLOW_MONITOR_RESUMED/)
})

t.test('real Open vSwitch reports changes', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t, version)
  const socket = createConnection(ovs.path)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const peer = new Peer(socket)
  const told = async (): Promise<readonly FlowUpdate[]> => {
    const reply = await peer.nextOf('multipart_reply')
    return reply.multipart === 'flow_monitor' ? reply.updates : []
  }
  peer.send({ type: 'hello', version }, request({ table: 3 }))
  t.strictSame(await told(), [])
  const flow =
    'table=3,priority=7,tcp,in_port=5,tp_dst=80,actions=mod_vlan_vid:5,load:0x9->NXM_NX_REG3[],resubmit(,4),output:6'
  await ovs.ofctl('add-flow', ovs.bridge, flow)
  const [added] = await told()
  t.match(added, { event: 'added', table: 3, priority: 7 })
  if (added?.event !== 'added') throw new Error('no rule was told of')
  const text = 'table=3,priority=7,tcp,in_port=5,tp_dst=80 actions='
  t.match(printFlow(added).replace(', ', ','), text)
  const [applied] = added.instructions
  t.match(applied?.type === 'apply_actions' && applied.actions, [
    { type: 'unknown', code: 1, body: Uint8Array.of(0, 5, 0, 0) },
    { type: 'reg_load', field: 'reg3', value: 9n },
    { type: 'resubmit', table: 4 },
    { type: 'output', port: 6 },
  ])
  await ovs.ofctl('mod-flows', ovs.bridge, 'table=3,actions=drop')
  t.match(await told(), [{ event: 'modified', instructions: [] }])
  await ovs.ofctl('del-flows', ovs.bridge, 'table=3')
  t.match(await told(), [{ event: 'removed', reason: 'delete' }])
  peer.send({ type: 'flow_monitor_cancel', version, monitor: 6, xid: 9 })
  // Nicira's errors in 1.0 have a type of their own.
  t.match(await peer.nextOf('error'), { xid: 9, errorType: 0xb0c2 })
})
