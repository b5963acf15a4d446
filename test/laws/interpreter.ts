/**
 * A small model of an OpenFlow switch, sufficient for our rules: tables, metadata and registers, resubmit, tags, tunnels. It is
 * written from the specification, not from the compiler, so that the two can disagree.
 */
import { type Action, type Flow, type OxmField, PORT } from '../../src/openflow/index.ts'

/** A frame with its metadata: values by field name. `vlan` contains its tags, outermost first. */
export interface Packet {
  readonly fields: ReadonlyMap<string, bigint>
  readonly vlan: readonly number[]
}

/** A frame that leaves through a port. */
export interface Output {
  readonly port: number
  readonly packet: Packet
}

/** What the switch does with a frame that comes in through a port. */
export function run(flows: readonly Flow[], inPort: number, packet: Packet): Output[] {
  const outputs: Output[] = []
  const state: State = {
    fields: new Map(packet.fields).set('in_port', BigInt(inPort)),
    vlan: [...packet.vlan],
    seen: [packet.vlan.length > 0],
    resubmits: 0,
  }
  lookUp(flows, 0, state, outputs)
  return outputs
}

interface State {
  readonly fields: Map<string, bigint>
  vlan: number[]
  /**
   * For each tag, does the switch see it as a tag? Open vSwitch looks at one tag only (vlan-limit 1). It takes the next one for
   * the EtherType of the payload, even after the outermost tag is removed.
   */
  seen: boolean[]
  resubmits: number
}

function lookUp(flows: readonly Flow[], table: number, state: State, outputs: Output[]): void {
  if (++state.resubmits > 4096) throw new Error('more than 4,096 resubmits: OVS would drop the packet')
  const [rule] = flows
    .filter((flow) => flow.table === table && flow.match.every((field) => matches(field, state)))
    .sort((a, b) => b.priority - a.priority)
  for (const instruction of rule?.instructions ?? []) {
    if (instruction.type === 'apply_actions')
      for (const action of instruction.actions) act(flows, action, state, outputs)
    else if (instruction.type === 'goto_table') lookUp(flows, instruction.table, state, outputs)
    else throw new Error(`the model does not know instruction ${instruction.type}`)
  }
}

function act(flows: readonly Flow[], action: Action, state: State, outputs: Output[]): void {
  switch (action.type) {
    case 'output':
      if (action.port === PORT.IN_PORT) {
        outputs.push({ port: Number(state.fields.get('in_port')), packet: seen(state) })
        return
      }
      // A packet never leaves through the port that it came in through.
      if (BigInt(action.port) === state.fields.get('in_port')) return
      outputs.push({ port: action.port, packet: seen(state) })
      return
    case 'resubmit': {
      const inPort = state.fields.get('in_port') ?? 0n
      lookUp(flows, action.table ?? 0, state, outputs)
      state.fields.set('in_port', inPort)
      return
    }
    case 'meter':
      // The model assumes that the packet does not exceed the rate.
      return
    case 'clone': {
      const copy: State = { ...state, fields: new Map(state.fields), vlan: [...state.vlan], seen: [...state.seen] }
      for (const each of action.actions) act(flows, each, copy, outputs)
      state.resubmits = copy.resubmits
      return
    }
    case 'ct':
      track(flows, action, state, outputs)
      return
    case 'reg_move':
      if (action.src.offset !== 0 || action.dst.offset !== 0) throw new Error('the model moves whole fields')
      state.fields.set(action.dst.field, state.fields.get(action.src.field) ?? 0n)
      return
    case 'learn':
      // The model learns nothing, so frames to unknown addresses are flooded. The laws check that case.
      return
    case 'push_vlan':
      state.vlan = [0, ...state.vlan]
      state.seen = [true, ...state.seen]
      return
    case 'pop_vlan':
      state.vlan = state.vlan.slice(1)
      state.seen = state.seen.slice(1)
      return
    case 'set_field':
      setField(action, state)
      return
    default:
      throw new Error(`the model does not know action ${action.type}`)
  }
}

/**
 * Translates an address in the same way for both directions. If each inner address has its own outer address, the model need
 * not remember connections.
 */
function track(flows: readonly Flow[], action: Extract<Action, { type: 'ct' }>, state: State, outputs: Output[]): void {
  const before = { ...state, fields: new Map(state.fields), vlan: [...state.vlan] }
  for (const inner of action.actions) {
    if (inner.type !== 'nat' || !inner.to || !inner.ipv4) throw new Error('the model knows nat to one address only')
    before.fields.set(inner.to === 'src' ? 'ipv4_src' : 'ipv4_dst', BigInt(inner.ipv4.min))
  }
  if (action.table !== undefined) lookUp(flows, action.table, before, outputs)
}

const seen = (state: State): Packet => ({ fields: new Map(state.fields), vlan: [...state.vlan] })

function setField(action: Extract<Action, { type: 'set_field' }>, state: State): void {
  if (action.field === 'vlan_vid') {
    if (state.vlan.length === 0) throw new Error('set_field of vlan_vid on an untagged frame')
    state.vlan = [Number(action.value) & 0xfff, ...state.vlan.slice(1)]
    return
  }
  if (action.field === 'nxm_in_port') {
    state.fields.set('in_port', BigInt(action.value))
    return
  }
  const mask = action.mask === undefined ? -1n : BigInt(action.mask)
  const old = state.fields.get(action.field) ?? 0n
  state.fields.set(action.field, (old & ~mask) | (BigInt(action.value) & mask))
}

function matches(field: OxmField, state: State): boolean {
  if (field.field === 'unknown') throw new Error('the model does not know this field')
  const found = value(field.field, state)
  const mask = field.mask === undefined ? -1n : BigInt(field.mask)
  return (found & mask) === (BigInt(field.value) & mask)
}

function value(field: string, { fields, vlan, seen }: State): bigint {
  const [isSeen = false] = seen
  // As OpenFlow encodes it: 0 without a tag; otherwise bit 12 and the id of the outermost tag.
  if (field === 'vlan_vid') return isSeen ? BigInt(0x1000 | (vlan[0] ?? 0)) : 0n
  if (field === 'eth_type' && vlan.length > (isSeen ? 1 : 0)) return 0x8100n
  return fields.get(field) ?? 0n
}
