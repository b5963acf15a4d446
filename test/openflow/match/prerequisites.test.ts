/** A rule that lacks a prerequisite of a field is refused with the name of the field, in both directions. */
import fc from 'fast-check'
import t from 'tap'
import { encode, FIELDS, type FieldName, type Match, parseMatch, tcp } from '../../../src/openflow/index.ts'
import { FIELD_MATCHES } from '../support/fields.ts'

const mod = (match: Match) => ({ type: 'flow_mod', command: 'add', table: 0, priority: 0, match }) as const

t.test('a field without its prerequisites is refused with its name', async (t) => {
  const refused = (match: Match, message: RegExp): void =>
    void t.throws(() => encode(mod(match)), { code: 'out-of-range', message, error: { errorType: 4, code: 9 } })
  refused([{ field: 'tcp_dst', value: 80 }], /^tcp_dst has a meaning only after ip_proto 6$/)
  refused(tcp({ dst: 80 }).toReversed(), /^tcp_dst/)
  refused(
    [
      { field: 'eth_type', value: 0x0800 },
      { field: 'ipv6_src', value: 1n },
    ],
    /^ipv6_src .* eth_type 0x86dd$/,
  )
  refused(
    [
      { field: 'eth_type', value: 0x0800, mask: 0xff00 },
      { field: 'ipv4_src', value: 1 },
    ],
    /^ipv4_src/,
  )
  refused([{ field: 'vlan_pcp', value: 1 }], /^vlan_pcp .* vlan_vid/)
  refused(
    [
      { field: 'vlan_vid', value: 0 },
      { field: 'vlan_pcp', value: 1 },
    ],
    /^vlan_pcp/,
  )
  refused([...parseMatch('icmp6,icmp_type=136'), { field: 'nd_sll', value: 1 }], /^nd_sll .* icmpv6_type 135$/)
  t.ok(
    encode(
      mod([
        { field: 'packet_type', value: 0x1_0800 },
        { field: 'ipv4_src', value: 1 },
      ]),
    ),
  )
})

t.test('every field that asks for something asks for it', async (t) => {
  const names = (Object.keys(FIELDS) as FieldName[]).filter((name) => 'needs' in FIELDS[name])
  t.ok(names.length > 40)
  for (const field of names)
    t.throws(() => encode(mod([{ field, value: 0 } as Match[number]])), { code: 'out-of-range' })
  for (const text of FIELD_MATCHES) t.ok(encode(mod(parseMatch(text))), text)
})

t.test('a value that its field cannot hold is refused by its name', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(FIELDS) as FieldName[])), (field) => {
      const { limit } = FIELDS[field]
      for (const value of [limit, typeof limit === 'number' ? -1 : -1n]) {
        try {
          encode({
            type: 'packet_in',
            bufferId: 0,
            totalLength: 0,
            reason: 'action_set',
            table: 0,
            cookie: 0n,
            match: [{ field, value } as Match[number]],
            data: new Uint8Array(),
          })
        } catch (error) {
          return error instanceof Error && error.message.startsWith(field)
        }
      }
      return false
    }),
    { numRuns: 1000 },
  )
})
