/** Random fields, actions, flows and messages, in canonical form where a law asks for it. */
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
  type Message,
  type OxmField,
  PORT,
} from '../../../src/openflow/index.ts'

const names = Object.keys(FIELDS) as FieldName[]
const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
const bytes = fc.uint8Array({ maxLength: 40 })

const valueFor = (name: FieldName): fc.Arbitrary<number | bigint> => {
  const { limit } = FIELDS[name]
  return typeof limit === 'number' ? fc.integer({ min: 0, max: limit - 1 }) : fc.bigInt({ min: 0n, max: limit - 1n })
}

const fieldOf = (name: FieldName): fc.Arbitrary<KnownField> =>
  fc
    .record({ value: valueFor(name), mask: fc.option(valueFor(name), { nil: undefined }) })
    .map(({ value, mask }) => ({ field: name, value, ...(mask === undefined ? {} : { mask }) }) as KnownField)

/** Without a mask that says nothing and without bits outside of it: so a switch keeps what it sets. */
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

/** A register is a part of a wider one, an id and a priority are parts of a tag. */
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

const subfield = fc
  .constantFrom<FieldName>('reg0', 'eth_src', 'metadata', 'ipv4_dst', 'tun_id', 'xreg3')
  .chain((field) => fc.integer({ min: 0, max: FIELDS[field].bits - 1 }).map((offset) => ({ field, offset })))

const port = fc.oneof(
  u16.filter((number) => number > 0 && number < 0xff00),
  fc.constantFrom(...Object.values(PORT)),
)

const action = fc.letrec<{ one: Action; many: Action[] }>((tie) => ({
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
      .constantFrom(...names)
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
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((body): Action => ({ type: 'unknown', code: 99, body })),
  ),
}))

const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ type: fc.constant('write_metadata' as const), metadata: u64, mask: u64 }),
  // Without actions a switch keeps none.
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

/** In the order in which a switch runs them, each kind at most once. */
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

const time = fc.record({ seconds: u32, nanoseconds: u32 })
const stats = fc.record({ duration: time, idle: time, flows: u32, packets: u64, bytes: u64 }, { requiredKeys: [] })

const flowMod = fc.record({
  type: fc.constant('flow_mod' as const),
  command: fc.constantFrom(
    'add' as const,
    'modify' as const,
    'modify_strict' as const,
    'delete' as const,
    'delete_strict' as const,
  ),
  table: u8,
  priority: u16,
  cookie: u64,
  cookieMask: u64,
  match,
  instructions,
  idleTimeout: u16,
  hardTimeout: u16,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: u16,
  importance: u16,
})

const text = fc.stringMatching(/^[a-z ]{0,16}$/)
const ethernet = fc.record({
  type: fc.constant('ethernet' as const),
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currentSpeed: u32,
  maxSpeed: u32,
})
const portDescription = fc.record({
  port: u32,
  address: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  name: text,
  config: u32,
  state: u32,
  properties: fc.array(
    fc.oneof(
      ethernet,
      fc.record({
        type: fc.constant('unknown' as const),
        code: fc.constant(0xffff),
        body: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      }),
    ),
    { maxLength: 2 },
  ),
})
const reason = fc.constantFrom('idle_timeout' as const, 'hard_timeout' as const, 'delete' as const, 'eviction' as const)
const role = fc.constantFrom('nochange' as const, 'equal' as const, 'master' as const, 'slave' as const)

/** Messages of every type, with all that may be left out. */
export const messages: { readonly [Type in Message['type']]: fc.Arbitrary<Extract<Message, { type: Type }>> } = {
  hello: fc.record({ type: fc.constant('hello'), versions: fc.subarray([1, 4, 5, 6], { minLength: 1 }) }),
  error: fc.oneof(
    fc.record({
      type: fc.constant('error' as const),
      errorType: fc.integer({ min: 0, max: 17 }),
      code: u16,
      data: bytes,
    }),
    fc.record({
      type: fc.constant('error' as const),
      errorType: fc.constant(0xffff),
      code: u16,
      experimenter: u32,
      data: bytes,
    }),
  ),
  echo_request: fc.record({ type: fc.constant('echo_request'), data: bytes }),
  echo_reply: fc.record({ type: fc.constant('echo_reply'), data: bytes }),
  features_request: fc.record({ type: fc.constant('features_request') }),
  features_reply: fc.record({
    type: fc.constant('features_reply'),
    datapathId: u64,
    buffers: u32,
    tables: u8,
    auxiliaryId: u8,
    capabilities: u32,
    reserved: u32,
  }),
  get_config_request: fc.record({ type: fc.constant('get_config_request') }),
  get_config_reply: fc.record({ type: fc.constant('get_config_reply'), flags: u16, missSendLength: u16 }),
  set_config: fc.record({ type: fc.constant('set_config'), flags: u16, missSendLength: u16 }),
  packet_in: fc.record({
    type: fc.constant('packet_in'),
    bufferId: u32,
    totalLength: u16,
    reason: fc.constantFrom('table_miss', 'apply_action', 'invalid_ttl', 'action_set', 'group', 'packet_out'),
    table: u8,
    cookie: u64,
    match,
    data: bytes,
  }),
  flow_removed: fc.record({
    type: fc.constant('flow_removed'),
    table: u8,
    reason,
    priority: u16,
    idleTimeout: u16,
    hardTimeout: u16,
    cookie: u64,
    match,
    stats,
  }),
  port_status: fc.record({
    type: fc.constant('port_status'),
    reason: fc.constantFrom('add', 'delete', 'modify'),
    port: portDescription,
  }),
  packet_out: fc.record({ type: fc.constant('packet_out'), bufferId: u32, match, actions: action.many, data: bytes }),
  flow_mod: flowMod,
  multipart_request: fc.oneof(
    fc.constantFrom(
      { type: 'multipart_request', multipart: 'desc' } as const,
      { type: 'multipart_request', multipart: 'table' } as const,
    ),
    fc.record({
      type: fc.constant('multipart_request' as const),
      multipart: fc.constant('port_desc' as const),
      port: u32,
    }),
    fc.record({
      type: fc.constant('multipart_request' as const),
      multipart: fc.constant('flow' as const),
      table: u8,
      outPort: u32,
      outGroup: u32,
      cookie: u64,
      cookieMask: u64,
      match,
    }),
    fc.record({
      type: fc.constant('multipart_request' as const),
      multipart: fc.constant('flow_monitor' as const),
      monitors: fc.array(
        fc.record({
          monitor: u32,
          outPort: u32,
          outGroup: u32,
          flags: fc.integer({ min: 0, max: 127 }),
          table: u8,
          command: fc.constantFrom('add' as const, 'modify' as const, 'delete' as const),
          match,
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  ),
  multipart_reply: fc.oneof(
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('desc' as const),
      desc: fc.record({ manufacturer: text, hardware: text, software: text, serial: text, datapath: text }),
    }),
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('port_desc' as const),
      ports: fc.array(portDescription, { maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('table' as const),
      tables: fc.array(fc.record({ table: u8, active: u32, lookups: u64, matched: u64 }), { maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('flow' as const),
      more: fc.constant(true),
      flows: fc.array(
        fc.record({
          table: u8,
          priority: u16,
          idleTimeout: u16,
          hardTimeout: u16,
          flags: u16,
          importance: u16,
          cookie: u64,
          match,
          stats,
          instructions,
        }),
        { maxLength: 3 },
      ),
    }),
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('flow_monitor' as const),
      updates: fc.array(
        fc.oneof(
          fc.record({
            event: fc.constantFrom('initial' as const, 'added' as const, 'removed' as const, 'modified' as const),
            table: u8,
            reason,
            idleTimeout: u16,
            hardTimeout: u16,
            priority: u16,
            cookie: u64,
            match,
            instructions,
          }),
          fc.record({ event: fc.constant('abbrev' as const), xid: u32 }),
          fc.constantFrom({ event: 'paused' } as const, { event: 'resumed' } as const),
        ),
        { maxLength: 3 },
      ),
    }),
    fc.record({
      type: fc.constant('multipart_reply' as const),
      multipart: fc.constant('unknown' as const),
      code: fc.constant(0xffff),
      body: bytes,
    }),
  ),
  barrier_request: fc.record({ type: fc.constant('barrier_request') }),
  barrier_reply: fc.record({ type: fc.constant('barrier_reply') }),
  role_request: fc.record({ type: fc.constant('role_request'), role, shortId: u16, generationId: u64 }),
  role_reply: fc.record({ type: fc.constant('role_reply'), role, shortId: u16, generationId: u64 }),
  role_status: fc.record({
    type: fc.constant('role_status'),
    role,
    reason: fc.constantFrom('master_request', 'config', 'experimenter'),
    generationId: u64,
    properties: fc.constant(new Uint8Array()),
  }),
  bundle_control: fc.record({
    type: fc.constant('bundle_control'),
    bundle: u32,
    step: fc.constantFrom(
      'open_request',
      'open_reply',
      'close_request',
      'close_reply',
      'commit_request',
      'commit_reply',
      'discard_request',
      'discard_reply',
    ),
    flags: fc.integer({ min: 0, max: 3 }),
    properties: fc.constant(new Uint8Array()),
  }),
  bundle_add: fc.record({
    type: fc.constant('bundle_add'),
    bundle: u32,
    flags: fc.integer({ min: 0, max: 3 }),
    message: flowMod,
  }),
  unknown: fc.record({ type: fc.constant('unknown'), code: fc.constantFrom(4, 15, 99), body: bytes }),
}
