/** Random actions of Open vSwitch, in the form that printing and parsing returns. */
import fc from 'fast-check'
import type { Action, FieldName, LearnSpec } from '../../../src/openflow/index.ts'
import { FIELDS } from '../../../src/openflow/index.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
const some = fc.integer({ min: 1, max: 0xffff })
const yes = fc.constant(true as const)
const port = fc.integer({ min: 1, max: 0xfeff })
const table = fc.integer({ min: 0, max: 0xfe })

const FIELD = fc.constantFrom<FieldName>(
  'reg0',
  'eth_src',
  'metadata',
  'ipv4_dst',
  'tun_id',
  'xreg3',
  'xxreg1',
  'vlan_tci',
)

/** A part of a field, with at most this many bits. */
const bits = (most: number): fc.Arbitrary<{ field: FieldName; offset: number; bits: number }> =>
  FIELD.chain((field) =>
    fc
      .integer({ min: 0, max: FIELDS[field].bits - 1 })
      .chain((offset) =>
        fc
          .integer({ min: 1, max: Math.min(most, FIELDS[field].bits - offset) })
          .map((count) => ({ field, offset, bits: count })),
      ),
  )
const bit = bits(1).map(({ field, offset }) => ({ field, offset }))
const within = (count: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(count)) - 1n })
const place = (count: number) =>
  fc.integer({ min: 0, max: 128 - count }).map((offset) => ({ field: 'xxreg0' as const, offset }))

const spec: fc.Arbitrary<LearnSpec> = fc.integer({ min: 1, max: 128 }).chain((count) =>
  fc.oneof(
    fc.record({
      to: fc.constantFrom('match' as const, 'load' as const),
      bits: fc.constant(count),
      from: fc.oneof(within(count), place(count)),
      dst: place(count),
    }),
    fc.record({ to: fc.constant('output' as const), bits: fc.constant(count), from: place(count) }),
  ),
)

const range = <Value>(value: fc.Arbitrary<Value>) => fc.record({ min: value, max: value }, { requiredKeys: ['min'] })
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
const nat: fc.Arbitrary<Action> = fc.oneof(
  fc.constant<Action>({ type: 'nat' }),
  fc
    .record({
      to: fc.constantFrom('src' as const, 'dst' as const),
      flags: fc.subarray(['persistent', 'hash', 'random'] as const),
      address: fc.oneof(fc.record({ ipv4: range(u32) }), fc.record({ ipv6: range(ipv6) }), fc.constant({})),
      ports: fc.option(range(u16), { nil: undefined }),
    })
    .map(
      ({ to, flags, address, ports }): Action => ({
        type: 'nat',
        to,
        ...Object.fromEntries(flags.map((name) => [name, true])),
        ...address,
        ...(ports && Object.keys(address).length > 0 ? { ports } : {}),
      }),
    ),
)

const HASHES = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
] as const
const members = {
  fields: fc.constantFrom(...HASHES),
  basis: u16,
  algorithm: fc.constantFrom('active_backup' as const, 'hrw' as const),
  members: fc.array(port, { maxLength: 5 }),
}
const of = <Type extends string, Shape>(
  type: Type,
  shape: { [K in keyof Shape]: fc.Arbitrary<Shape[K]> },
  optional: object = {},
) =>
  fc.record(
    { type: fc.constant(type), ...shape, ...optional },
    { requiredKeys: ['type', ...Object.keys(shape)] as never[] },
  )

/** OpenFlow 1.5 sends it as a set_field. */
export const regLoad = bits(64).chain((to) =>
  within(to.bits).map((value) => ({ type: 'reg_load' as const, ...to, value })),
)

/** @param many the actions that may be nested in them */
export const niciraAction = (many: fc.Arbitrary<Action[]>): fc.Arbitrary<Action> =>
  fc.oneof(
    of('resubmit', { ct: yes }, { port, table }),
    bits(64).chain((source) => of('output_reg', { maxLen: fc.constant(0xffff) }).map((one) => ({ ...one, ...source }))),
    of('output_trunc', { port, maxLen: u32 }),
    bit.chain((to) => of('check_pkt_larger', { length: u16 }).map((one) => ({ ...one, ...to }))),
    bits(128).chain((one) => fc.constantFrom('push' as const, 'pop' as const).map((type) => ({ type, ...one }))),
    FIELD.map((field) => ({ type: 'delete_field' as const, field })),
    nat,
    of('ct', { actions: many }, { commit: yes, force: yes, zone: fc.oneof(some, bits(16)), table, alg: some }),
    of(
      'learn',
      { table, priority: u16, cookie: u64, specs: fc.array(spec, { maxLength: 4 }) },
      {
        ...{ idleTimeout: some, hardTimeout: some, finIdleTimeout: some, finHardTimeout: some },
        ...{ sendFlowRem: yes, deleteLearned: yes, limit: some },
      },
    ),
    of('multipath', {
      ...{ fields: fc.constantFrom(...HASHES), basis: u16, arg: u32, dst: bits(64), links: some },
      algorithm: fc.constantFrom('modulo_n', 'hash_threshold', 'hrw', 'iter_hash'),
    }),
    of('bundle', members),
    of('bundle_load', { ...members, dst: bits(64) }),
    of('sample', { probability: some, collectorSet: u32, domain: u32, point: u32 }, { port }),
    of('sample', { probability: some, collectorSet: u32, domain: bits(32), point: u32 }, { port }),
    of('sample', {
      ...{ probability: some, collectorSet: u32, domain: u32, point: u32 },
      direction: fc.constantFrom('ingress', 'egress'),
    }),
    of(
      'controller2',
      { pause: yes, userdata: fc.uint8Array({ minLength: 1, maxLength: 9 }) },
      { meter: u32, controllerId: some },
    ),
    fc
      .integer({ min: 2, max: 64 })
      .chain((clauses) =>
        of('conjunction', { id: u32, clause: fc.integer({ min: 1, max: clauses }), clauses: fc.constant(clauses) }),
      ),
    of('fin_timeout', {}, { idleTimeout: some, hardTimeout: some }),
    of('set_tunnel', { id: u32 }),
    of('set_tunnel64', { id: u64.filter((id) => id > 0xffffffffn) }),
    of('decap', { packetType: u32 }),
    of(
      'encap',
      {
        packetType: u32,
        properties: fc.array(
          fc.oneof(
            of('nsh_md_type', { mdType: u8 }),
            of('nsh_tlv', { class: u16, code: u8, data: fc.uint8Array({ maxLength: 9 }) }),
          ),
          { maxLength: 3 },
        ),
      },
      { headerSize: some },
    ),
    fc.constantFrom({ type: 'exit' as const }, { type: 'dec_nsh_ttl' as const }),
  ) as fc.Arbitrary<Action>
