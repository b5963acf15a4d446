/** Every field of ovs-fields(7), compared with ovs-ofctl: the same octets, the same text. */
import t from 'tap'
import {
  decode,
  encode,
  FIELDS,
  type Flow,
  type Match,
  parseFlow,
  parseMatch,
  printFlow,
  printMatch,
  ruleKey,
} from '../../../src/openflow/index.ts'
import { FIELD_MATCHES } from '../support/fields.ts'
import { flowMods, noOfctl, printed } from '../support/ofctl.ts'

const asFlow = (bytes: Uint8Array): Flow => {
  const message = decode(bytes)
  if (message.type !== 'flow_mod') throw new Error(message.type)
  return { cookie: 0n, instructions: [], ...message }
}

/** The versions of OpenFlow that the library supports. */
const versions = [4, 5, 6].filter((version) => {
  try {
    return decode(encode({ type: 'barrier_request', version })).type === 'barrier_request'
  } catch {
    return false
  }
})

for (const version of versions) {
  const lines = FIELD_MATCHES.filter((text) => version === 6 || !text.startsWith('packet_type')).map(
    (text) => `${text},actions=drop`,
  )
  t.test(`fields as ovs-ofctl sends them in version ${version}`, { skip: noOfctl }, async (t) => {
    const sent = await flowMods(lines, version)
    const texts = await printed(sent)
    for (const [index, bytes] of sent.entries()) {
      const line = lines[index] ?? ''
      const flow = asFlow(bytes)
      t.strictSame(Buffer.from(encode(decode(bytes))), Buffer.from(bytes), `${line}: encoded unchanged`)
      t.equal(printFlow(flow), texts[index], `${line}: printed as ovs-ofctl prints it`)
      t.equal(ruleKey(parseFlow(line)), ruleKey(flow), `${line}: parsed like ovs-ofctl parses it`)
      t.equal(ruleKey(parseFlow(printFlow(flow))), ruleKey(flow), `${line}: printed and parsed again`)
      for (const field of flow.match) t.not(field.field, 'unknown', line)
    }
    const ours = lines.map((line) => encode({ type: 'flow_mod', command: 'add', version, ...parseFlow(line) }))
    t.strictSame(await printed(ours), texts, 'ovs-ofctl prints the same for what we send')
  })
}

t.test('the list names every field that Open vSwitch matches', async (t) => {
  const named = new Set(FIELD_MATCHES.flatMap((text) => parseMatch(text)).map(({ field }) => field))
  const others =
    /^(x*reg\d+|tun_metadata\d+|in_phy_port|pbb_.*|ipv6_exthdr|nxm_.*|recirc_id|dp_hash|vlan_tci|actset_output)$/
  t.strictSame(
    Object.keys(FIELDS).filter((name) => !others.test(name) && !(named as Set<string>).has(name)),
    [],
  )
})

t.test('an older header is decoded and encoded unchanged, and has the same meaning', async (t) => {
  const match: Match = [
    { field: 'eth_type', value: 0x0800, header: 'nxm' },
    { field: 'ip_proto', value: 6, header: 'nxm' },
    { field: 'tcp_dst', value: 80, mask: 0xfff0, header: 'nxm' },
    { field: 'tun_id', value: 7n, header: 'nxm' },
    { field: 'tcp_flags', value: 2, header: 'onf' },
    { field: 'pkt_mark', value: 1 },
  ]
  const bytes = encode({ type: 'flow_mod', command: 'add', table: 0, priority: 0, match })
  const headers =
    '00000602 0800 00000c01 06 00001504 0050fff0 00012008 0000000000000007 ffff5406 4f4e4600 0002 00014204 00000001'
  t.match(Buffer.from(bytes).toString('hex'), new RegExp(headers.replaceAll(' ', '')))
  t.match(decode(bytes), { match })
  t.strictSame(encode(decode(bytes)), bytes)
  const key = { table: 0, priority: 0 }
  t.equal(ruleKey({ ...key, match }), ruleKey({ ...key, match: parseMatch(printMatch(match)) }))
})

t.test('a field of tunnel options has as many octets as it came with', async (t) => {
  const flow = (match: Flow['match']) =>
    ({ type: 'flow_mod', command: 'add', table: 0, priority: 0, match, version: 6, xid: 0 }) as const
  const sizes = [undefined, 2, 8, 124]
  for (const size of sizes) {
    const field = {
      field: 'tun_metadata5',
      value: 0x1234n,
      ...(size === undefined || size === 2 ? {} : { size }),
    } as const
    const back = decode(encode(flow([field])))
    t.match(back, { match: [field] })
    t.strictSame(encode(back), encode(flow([field])))
  }
  t.throws(() => encode(flow([{ field: 'tun_metadata5', value: 0x1234n, size: 1 }])), { message: /tun_metadata5/ })
  t.throws(() => encode(flow([{ field: 'tun_metadata5', value: 1n, size: 125 }])), { message: /tun_metadata5 has 125/ })
})
