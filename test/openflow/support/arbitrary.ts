/** Random fields, actions, flows and messages, in canonical form if a law needs it. */
import fc from 'fast-check'
import {
  type Action,
  canonicalMatch,
  FIELDS,
  type FieldName,
  type Flow,
  type Instruction,
  type KnownField,
  type Match,
  type OxmField,
  PORT,
} from '../../../src/openflow/index.ts'
import { wrongMatch } from '../../../src/openflow/match/check-match.ts'
import { niciraAction } from './nicira.ts'

const names = Object.keys(FIELDS) as FieldName[]
export const u8 = fc.integer({ min: 0, max: 0xff })
export const u16 = fc.integer({ min: 0, max: 0xffff })
export const u32 = fc.integer({ min: 0, max: 0xffffffff })
export const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
export const bytes = fc.uint8Array({ maxLength: 40 })

const valueFor = (name: FieldName): fc.Arbitrary<number | bigint> => {
  const { limit } = FIELDS[name]
  return typeof limit === 'number' ? fc.integer({ min: 0, max: limit - 1 }) : fc.bigInt({ min: 0n, max: limit - 1n })
}

const fieldOf = (name: FieldName): fc.Arbitrary<KnownField> =>
  fc
    .record({ value: valueFor(name), mask: fc.option(valueFor(name), { nil: undefined }) })
    .map(({ value, mask }) => ({ field: name, value, ...(mask === undefined ? {} : { mask }) }) as KnownField)

/** Fields without a mask of all ones and without value bits outside of the mask: a switch keeps such a field unchanged. */
function plain(field: KnownField): OxmField {
  const [one, ...more] = canonicalMatch([field])
  return one?.field === field.field && more.length === 0
    ? one
    : ({ field: field.field, value: field.value } as KnownField)
}

const unknownField: fc.Arbitrary<OxmField> = fc.oneof(
  fc.record({
    field: fc.constant('unknown' as const),
    class: fc.integer({ min: 2, max: 0x7fff }),
    type: fc.integer({ min: 0, max: 127 }),
    hasMask: fc.boolean(),
    body: bytes,
  }),
  fc.record({
    field: fc.constant('unknown' as const),
    class: fc.constant(0xffff),
    type: fc.integer({ min: 0, max: 127 }),
    hasMask: fc.boolean(),
    experimenter: u32,
    body: bytes,
  }),
)

/** Does no field overlap another one? A register is part of a wider one, and an id and a priority are parts of a tag. */
function noneTwice(match: Match): boolean {
  const names = canonicalMatch(match).map(({ field }) => field)
  const tags = names.filter((name) => name.startsWith('vlan'))
  return new Set(names).size === names.length && !(tags.includes('vlan_tci') && tags.length > 1)
}

/** Any fields, each at most once. */
export const match: fc.Arbitrary<Match> = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 8 }), fc.array(unknownField, { maxLength: 1 }))
  .chain(([some, unknown]) => fc.tuple(...some.map(fieldOf)).map((fields) => [...fields, ...unknown]))
  .filter(noneTwice)

/** Removes fields that a switch refuses after the fields before them. */
export const flowMatch: fc.Arbitrary<Match> = match.map((fields) => {
  const taken: OxmField[] = []
  for (const field of fields) if (!wrongMatch([...taken, field])) taken.push(field)
  return taken
})

const subfield = fc
  .constantFrom<FieldName>('reg0', 'eth_src', 'metadata', 'ipv4_dst', 'tun_id', 'xreg3')
  .chain((field) => fc.integer({ min: 0, max: FIELDS[field].bits - 1 }).map((offset) => ({ field, offset })))

const port = fc.oneof(
  u16.filter((number) => number > 0 && number < 0xff00),
  fc.constantFrom(...Object.values(PORT)),
)

export const action = fc.letrec<{ one: Action; many: Action[] }>((tie) => ({
  many: fc.array(tie('one'), { maxLength: 4 }),
  one: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ type: fc.constant('output' as const), port }),
    fc.record({ type: fc.constant('group' as const), group: u32 }),
    fc.record({ type: fc.constant('set_queue' as const), queue: u32 }),
    fc.record({
      type: fc.constantFrom('push_vlan' as const, 'push_mpls' as const, 'pop_mpls' as const),
      ethertype: u16,
    }),
    fc.constantFrom<Action>(
      { type: 'pop_vlan' },
      { type: 'dec_ttl' },
      { type: 'dec_mpls_ttl' },
      { type: 'ct_clear' },
      { type: 'pop_queue' },
    ),
    fc.record({
      type: fc.constant('dec_ttl_cnt_ids' as const),
      ids: fc.array(u16, { minLength: 1, maxLength: 5 }),
    }),
    fc.record({ type: fc.constantFrom('set_ttl' as const, 'set_mpls_ttl' as const), ttl: u8 }),
    fc
      .constantFrom(...names.filter((name) => name !== 'in_port'))
      .chain(fieldOf)
      .map((field) => ({ type: 'set_field', ...plain(field) }) as Action),
    fc.record({ type: fc.constant('resubmit' as const), table: fc.integer({ min: 0, max: 254 }) }),
    fc.record({
      type: fc.constant('resubmit' as const),
      port: port.filter((number) => number !== PORT.IN_PORT && number !== PORT.ANY),
    }),
    subfield.chain((src) =>
      subfield.chain((dst) => {
        const room = Math.min(FIELDS[src.field].bits - src.offset, FIELDS[dst.field].bits - dst.offset)
        return fc.integer({ min: 1, max: room }).map((bits): Action => ({ type: 'reg_move', src, dst, bits }))
      }),
    ),
    fc.record({ type: fc.constant('meter' as const), meter: u32 }),
    fc.record({ type: fc.constant('note' as const), note: fc.uint8Array({ minLength: 6, maxLength: 6 }) }),
    fc
      .record({
        type: fc.constant('controller' as const),
        maxLen: u16,
        controllerId: u16,
        reason: fc.integer({ max: 5, min: 0 }),
      })
      .filter(({ controllerId }) => controllerId !== 0),
    tie('many').map((actions): Action => ({ type: 'clone', actions })),
    niciraAction(tie('many')),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((body): Action => ({ type: 'unknown', code: 99, body })),
  ),
}))

const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ type: fc.constant('write_metadata' as const), metadata: u64, mask: u64 }),
  // A switch does not keep an instruction without actions.
  action.many
    .filter((actions) => actions.length > 0)
    .map((actions): Instruction => ({ type: 'write_actions', actions })),
  fc.constant<Instruction>({ type: 'clear_actions' }),
  fc.record({ type: fc.constant('goto_table' as const), table: u8 }),
  fc.record({
    type: fc.constant('unknown' as const),
    code: fc.constant(77),
    body: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
)

const ORDER = ['apply_actions', 'clear_actions', 'write_actions', 'write_metadata', 'goto_table', 'unknown']

/** Instructions in the order in which a switch executes them, each kind at most once. */
export const instructions: fc.Arbitrary<readonly Instruction[]> = fc
  .tuple(
    fc.option(action.many.filter((actions) => actions.length > 0)),
    fc.uniqueArray(instruction, { selector: ({ type }) => type, maxLength: 3 }),
  )
  .map(([applied, rest]) => [
    ...(applied ? [{ type: 'apply_actions', actions: applied } as const] : []),
    ...rest.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type)),
  ])

export const flow: fc.Arbitrary<Flow> = fc
  .record({ table: u8, priority: u16, cookie: u64, match: match.map(canonicalMatch), instructions })
  .chain((base) =>
    fc
      .record(
        {
          idleTimeout: fc.integer({ min: 1, max: 0xffff }),
          hardTimeout: fc.integer({ min: 1, max: 0xffff }),
          importance: fc.integer({ min: 1, max: 0xffff }),
          flags: fc.integer({ min: 1, max: 31 }),
        },
        { requiredKeys: [] },
      )
      .map((more) => ({ ...base, ...more }) as Flow),
  )
