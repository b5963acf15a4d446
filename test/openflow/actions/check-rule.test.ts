/** Rules that a switch refuses: encode refuses them with the reason, and decode keeps and marks them. */
import t from 'tap'
import {
  checkRule,
  decode,
  encode,
  FIELDS,
  type FieldName,
  type FlowMod,
  type Instruction,
  type Match,
  type OxmField,
  PORT,
  parseMatch,
  tcp,
} from '../../../src/openflow/index.ts'
import { FIELD_MATCHES } from '../support/fields.ts'
import { output } from '../support/ovs.ts'

const mod = (match: Match, instructions: readonly Instruction[] = []): FlowMod => ({
  type: 'flow_mod',
  command: 'add',
  table: 0,
  priority: 0,
  match,
  instructions,
})

const noOfctl = await output('ovs-ofctl', ['--version']).then(
  () => false as const,
  () => 'ovs-ofctl is not installed',
)
const drop = { type: 'apply_actions', actions: [] } as const
const reg0 = { field: 'reg0', value: 5 } as const
const field = (name: FieldName, value: number | bigint, mask: number | bigint) =>
  ({ field: name, value, mask }) as OxmField

/** The refused rule, the reason, OpenFlow's type and code, and their name in ovs-ofctl. */
const REFUSED: ReadonlyArray<readonly [FlowMod, RegExp, number, number, string]> = [
  [mod([{ field: 'tcp_dst', value: 80 }]), /^tcp_dst has a meaning only after ip_proto 6$/, 4, 9, 'OFPBMC_BAD_PREREQ'],
  [mod([...tcp({ dst: 80 }), { field: 'tcp_dst', value: 81 }]), /^tcp_dst is given twice$/, 4, 10, 'OFPBMC_DUP_FIELD'],
  [mod([reg0, { ...reg0, mask: 0xff }]), /^reg0 is given twice$/, 4, 10, 'OFPBMC_DUP_FIELD'],
  [mod([reg0, field('reg0', 0, 0)]), /^reg0 is given twice$/, 4, 10, 'OFPBMC_DUP_FIELD'],
  [mod([field('reg1', 5, 3)]), /^reg1 holds 5 with mask 3: bits outside/, 4, 5, 'OFPBMC_BAD_WILDCARDS'],
  [mod([field('eth_dst', 2 ** 40 + 1, 0xff)]), /^eth_dst holds/, 4, 5, 'OFPBMC_BAD_WILDCARDS'],
  [mod([field('eth_dst', 0x8000_0001, 0x8000_0000)]), /^eth_dst holds/, 4, 5, 'OFPBMC_BAD_WILDCARDS'],
  [mod([field('metadata', 5n, 4n)]), /^metadata holds/, 4, 5, 'OFPBMC_BAD_WILDCARDS'],
  [mod([field('in_port', 1, 3)]), /^in_port takes no mask$/, 4, 8, 'OFPBMC_BAD_MASK'],
  [mod([field('eth_type', 0x800, 0xff00)]), /^eth_type takes no mask$/, 4, 8, 'OFPBMC_BAD_MASK'],
  [mod([field('vlan_vid', 0x1000, 0x1000), field('vlan_pcp', 1, 7)]), /^vlan_pcp takes/, 4, 8, 'OFPBMC_BAD_MASK'],
  [mod([], [drop, drop]), /^there are two instructions apply_actions/, 3, 9, 'OFPBIC_DUP_INST'],
]

for (const [message, words, errorType, code, name] of REFUSED) {
  t.test(`${words.source} (${name})`, async (t) => {
    const refusal = { code: 'out-of-range', message: words, error: { errorType, code } }
    t.throws(() => encode(message), refusal)
    t.throws(() => checkRule(message), refusal)
    // A refused rule that was received is encoded again unchanged.
    const octets = encode({ ...message, unchecked: true })
    const decoded = decode(octets)
    t.match(decoded, { ...message, unchecked: true })
    t.same(encode(decoded), octets)
    const { unchecked: _, ...byHand } = decoded as FlowMod
    t.throws(() => encode(byHand), refusal)
    if (noOfctl) return
    t.match(await output('ovs-ofctl', ['ofp-print', Buffer.from(octets).toString('hex')]), `decode error: ${name}`)
  })
}

const TAKEN: readonly Match[] = [
  ...FIELD_MATCHES.map(parseMatch),
  [],
  [field('in_port', 5, 0xffffffff)],
  [field('in_port', 0, 0)],
  [field('reg0', 0, 0), reg0],
  [field('eth_dst', 0x8000_0000_0001, 0xf000_0000_00ff)],
  // Many fields are compared in another way than a few.
  Array.from({ length: 15 }, (_, index) => ({ field: `reg${index}`, value: 1 }) as OxmField),
]

t.test('rules that a switch accepts are encoded and decoded', async (t) => {
  for (const match of TAKEN) {
    const octets = encode(mod(match))
    t.notOk('unchecked' in decode(octets))
    checkRule({ match })
    if (noOfctl) continue
    t.notMatch(await output('ovs-ofctl', ['ofp-print', Buffer.from(octets).toString('hex')]), /BAD_MASK|WILDCARDS|DUP/)
  }
})

t.test('one field among many that is given twice', async (t) => {
  const many = (Object.keys(FIELDS) as FieldName[]).filter((name) => /^(reg|tun_metadata)\d+$/.test(name))
  const match = [...many, 'tun_metadata40' as const].map(
    (field) => ({ field, value: FIELDS[field].width === 'number' ? 1 : 1n }) as OxmField,
  )
  t.throws(() => encode(mod(match)), { message: 'tun_metadata40 is given twice' })
  const unknown = { field: 'unknown', class: 9, type: 1, hasMask: false, body: new Uint8Array(0) } as const
  t.ok(encode(mod([unknown, unknown, ...match.slice(0, -1), unknown])))
})

t.test('an instruction of which there would be two once the version has it is refused', async (t) => {
  const metered = { type: 'apply_actions', actions: [{ type: 'meter', meter: 3 }] } as const
  const both = [{ type: 'meter', meter: 4 }, metered] as const
  t.throws(() => encode({ ...mod([], both), version: 4 }), { message: /two instructions meter/ })
  t.ok(encode({ ...mod([], both), version: 6 }))
})

t.test('set_field: no bits outside of the mask, and no in_port', async (t) => {
  const set = (field: OxmField, type: 'set_field' | 'reg_load2' = 'set_field') =>
    mod([], [{ type: 'apply_actions', actions: [{ ...field, type } as never] }])
  for (const type of ['set_field', 'reg_load2'] as const) {
    t.throws(() => encode(set(field('reg0', 5, 3), type)), {
      message: /^reg0 holds 5/,
      error: { errorType: 4, code: 5 },
    })
    t.throws(() => encode({ ...set(field('reg0', 5, 3), type), version: 4 }), { message: /^reg0 holds 5/ })
  }
  const inPort = { field: 'in_port', value: PORT.LOCAL } as const
  t.throws(() => encode(set(inPort)), { message: /^in_port cannot be set/, error: { errorType: 2, code: 15 } })
  t.ok(encode(set({ field: 'nxm_in_port', value: 0xfffe })))
  // Actions that were received are kept as octets.
  const head =
    '060e006000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffff000000000001000400000000'
  for (const action of ['00190010 80000004 fffffffe 00000000', '00190010 00010108 00000005 00000003']) {
    const octets = Buffer.from(`${head}0004001800000000${action}`.replaceAll(' ', ''), 'hex')
    octets.writeUInt16BE(octets.length, 2)
    const decoded = decode(octets)
    t.match(decoded, { instructions: [{ actions: [{ type: 'unknown', code: 25 }] }] })
    t.same(Buffer.from(encode(decoded)), octets)
  }
})
