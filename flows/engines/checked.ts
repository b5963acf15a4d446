/**
 * What an engine says, looked at before it becomes a rule: engines are written by others, too. One that throws, or says what
 * cannot be, makes a mistake; what it was asked for goes without rules then, and says why.
 */
import type { Graph } from '../../topology/graph.ts'
import type { Hypervisor } from '../../topology/model.ts'
import { sameFamily, tunnelTo } from '../pipeline/tunnel.ts'
import type {
  Announcement,
  Domain,
  EngineRules,
  Fabric,
  Fault,
  Forward,
  Guard,
  Member,
  Neighbour,
  PacketField,
  Punt,
  Target,
} from './engine-rules.ts'
import { segmentOf } from './segment-name.ts'

/** An engine threw, or said what cannot be; the message says which one and what. */
export class EngineMistake extends Error {
  constructor(alias: string, words: string, cause?: unknown) {
    super(`engine "${alias}": ${words}`, { cause })
    this.name = 'EngineMistake'
  }
}

/** The bits of the fields that an engine may match. */
const FIELDS: Readonly<Record<PacketField['field'], number>> = {
  eth_dst: 48,
  eth_src: 48,
  eth_type: 16,
  ip_proto: 8,
  ipv4_src: 32,
  ipv4_dst: 32,
  ipv6_src: 128,
  ipv6_dst: 128,
  udp_src: 16,
  udp_dst: 16,
  arp_sha: 48,
  arp_spa: 32,
  arp_tpa: 32,
  icmpv6_type: 8,
  nd_target: 128,
}

/** The way to the fabric, as far as it is the domain's own; else the fault, which may be the engine's. */
export function fabricOf(rules: EngineRules, domain: Domain, here: Hypervisor): Fabric | Fault {
  try {
    const said: unknown = ask(rules, 'fabric', [domain, here])
    return isFault(said) ? said : ownFabric(rules.alias, domain, said)
  } catch (error) {
    if (!(error instanceof EngineMistake)) throw error
    return { code: 'engine-mistake', message: error.message, pending: false }
  }
}

/** @throws EngineMistake */
export function guardsOf(rules: EngineRules, member: Member, domain: Domain): Guard[] {
  const said = list(rules.alias, 'guard()', ask(rules, 'guard', [member, domain]))
  return said.map((each, index) => guardOf(rules.alias, `guard()[${index}]`, each))
}

/** @throws EngineMistake */
export const neighboursOf = (rules: EngineRules, member: Member, domain: Domain): Neighbour[] =>
  rules.neighbours ? addresses(rules.alias, 'neighbours()', ask(rules, 'neighbours', [member, domain])) : []

/** @throws EngineMistake */
export const serversOf = (rules: EngineRules, domain: Domain): Neighbour[] =>
  rules.servers ? addresses(rules.alias, 'servers()', ask(rules, 'servers', [domain])) : []

const addresses = (alias: string, what: string, said: unknown): Neighbour[] =>
  list(alias, what, said).map((each) => {
    const { family, address, mac } = record(each)
    const bits = family === 4 ? 32 : 128
    if ((family === 4 || family === 6) && isNumber(address, bits) && isNumber(mac, 48)) return each as Neighbour
    const right = '{family: 4 or 6, address, mac}, numbers of 32 or 128 (a bigint) and of 48 bits'
    throw new EngineMistake(alias, `${what} says address ${show(address)}: it must be ${right}`)
  })

/** @throws EngineMistake */
export function puntsOf(rules: EngineRules, member: Member, domain: Domain): Punt[] {
  if (!rules.punts) return []
  const said = list(rules.alias, 'punts()', ask(rules, 'punts', [member, domain]))
  return said.map((each, index) => {
    const at = `punts()[${index}]`
    const { match, what } = record(each)
    if (typeof what !== 'string' || what === '')
      throw new EngineMistake(rules.alias, `${at} has what ${show(what)}: it must say in words what it is`)
    if (fieldsOf(rules.alias, at, match).length === 0)
      throw new EngineMistake(rules.alias, `${at} matches everything: it must say which frames the controller answers`)
    return each as Punt
  })
}

/** @throws EngineMistake */
export function announcementsOf(rules: EngineRules, domain: Domain, member: Member): Announcement[] {
  if (!rules.announcements) return []
  const said = list(rules.alias, 'announcements()', ask(rules, 'announcements', [domain, member]))
  return said.map((each, index) => {
    const { frame, target, why } = record(each)
    const wrong = (words: string): never => {
      throw new EngineMistake(rules.alias, `announcements()[${index}] has ${words}`)
    }
    if (!(frame instanceof Uint8Array) || frame.length < 14)
      wrong('a frame that is none: it must be 14 octets at least')
    const { to } = record(target)
    if (to !== 'member' && to !== 'uplink') wrong(`target ${show(to)}: it must be member or uplink`)
    if (typeof why !== 'string' || why === '') wrong(`why ${show(why)}: it must say in words what it is good for`)
    return each as Announcement
  })
}

/** @throws EngineMistake */
export function forwardsOf<Of extends 'domain' | 'member' | 'remote'>(
  rules: EngineRules,
  of: Of,
  ...about: Parameters<Asked[Of]>
): Forward[] {
  const said = list(rules.alias, `${of}()`, ask(rules, of, about))
  return said.map((each, index) => forwardOf(rules.alias, `${of}()[${index}]`, each))
}

/** Where a packet of a domain may be handed on to, from one hypervisor. */
interface Around {
  readonly alias: string
  readonly graph: Graph
  readonly domain: Domain
  readonly here: Hypervisor
  readonly fabric: Fabric
}

/** The key of a port here that is in the domain. @throws EngineMistake */
export function memberKey({ alias, graph, domain, here }: Around, { member }: Extract<Target, { to: 'member' }>) {
  const there = graph.placement(member?.port?.id)
  const home = there?.port.networkId ?? there?.port.id
  if (there?.hypervisor === here.id && home === domain.id) return there.port.key
  const where = `a member of ${domain.id} on hypervisor ${here.id}`
  throw new EngineMistake(alias, `it hands packets to port ${member?.port?.id}, which is not ${where}`)
}

/** The tunnel address of another hypervisor with members of the domain. @throws EngineMistake */
export function peerAddress({ alias, graph, domain, here, fabric }: Around, { peer }: Extract<Target, { to: 'peer' }>) {
  const there = graph.hypervisors.get(peer?.id)
  const isPeer = there && there.id !== here.id && 'segment' in domain && graph.members(domain.id).has(there.id)
  const address = there?.encapIp
  if (isPeer && fabric.kind === 'overlay' && address && here.encapIp && sameFamily(here.encapIp, address))
    return address
  const right = `another one with members of ${domain.id} that an overlay leads to`
  throw new EngineMistake(alias, `it sends packets to hypervisor ${peer?.id}, which is not ${right}`)
}

type Asked = Required<Omit<EngineRules, 'alias'>>

function ask<Name extends keyof Asked>(rules: EngineRules, name: Name, about: Parameters<Asked[Name]>): unknown {
  let said: unknown
  try {
    said = Reflect.apply(rules[name] as Asked[Name], rules, about)
  } catch (cause) {
    throw new EngineMistake(rules.alias, `${name}() failed: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  if (!(said instanceof Promise)) return said
  // Whatever comes of it, nobody waits for it.
  said.catch(() => undefined)
  throw new EngineMistake(rules.alias, `${name}() says a promise: it must say what it has to say at once`)
}

function ownFabric(alias: string, domain: Domain, said: unknown): Fabric {
  const { kind, role, vlanId, tunnelKey, remoteIp } = record(said)
  const wrong = (words: string): never => {
    throw new EngineMistake(alias, `fabric() says ${words}`)
  }
  const uplink = kind === 'uplink' || kind === 'routed'
  if (!uplink && kind !== 'overlay' && kind !== 'wire')
    wrong(`kind ${show(kind)}: it must be uplink, overlay, wire or routed`)
  const right = uplink ? /^uplink:./ : /^tunnel:./
  if (typeof role !== 'string' || !right.test(role)) wrong(`role ${show(role)}: it must match ${right.source}`)
  if (uplink && vlanId !== null && !isWhole(vlanId, 1, 4094)) {
    wrong(`vlanId ${show(vlanId)}: it must be a number from 1 to 4094, or null`)
  }
  if (!uplink && !isWhole(tunnelKey, 0, 0xffffffff)) wrong(`tunnelKey ${show(tunnelKey)}: it must be 32 bits at most`)
  if (kind === 'wire' && !isAddress(remoteIp)) wrong(`remoteIp ${show(remoteIp)}: it must be an IP address`)
  const fabric = said as Fabric
  if (fabric.kind === 'routed') {
    const { prefix, onLink, inside, nextHop, gateway } = fabric
    const right =
      'prefixes {first, length} for prefix, onLink and inside, and addresses for gateway and nextHop (or null)'
    const isPrefix = (each: unknown) =>
      isWhole(record(each).first, 0, 0xffffffff) && isWhole(record(each).length, 0, 32)
    const isAddress = (each: unknown) => isWhole(each, 0, 0xffffffff)
    if (![prefix, onLink, inside].every(isPrefix) || !isAddress(gateway) || !(nextHop === null || isAddress(nextHop)))
      wrong(`a routed network without its addresses: it must have ${right}`)
  }
  const segment = segmentOf(fabric)
  if (segment !== domain.segmentId)
    wrong(`segment ${segment}, but ${domain.id} was given ${domain.segmentId ?? 'none'}`)
  return fabric
}

function forwardOf(alias: string, what: string, said: unknown): Forward {
  const { priority, match, target, why } = record(said)
  const wrong = (words: string): never => {
    throw new EngineMistake(alias, `${what} has ${words}`)
  }
  if (!isWhole(priority, 1, 65535)) wrong(`priority ${show(priority)}: it must be a number from 1 to 65535`)
  if (typeof why !== 'string' || why === '') wrong(`why ${show(why)}: it must say in words why the rule is there`)
  const { to } = record(target)
  if (!TARGETS.includes(to as Target['to'])) wrong(`target ${show(to)}: it must be one of ${TARGETS.join(', ')}`)
  fieldsOf(alias, what, match)
  return said as Forward
}

function guardOf(alias: string, what: string, said: unknown): Guard {
  const { may, rank, match, what: words } = record(said)
  const wrong = (text: string): never => {
    throw new EngineMistake(alias, `${what} has ${text}`)
  }
  if (may !== 'pass' && may !== 'never') wrong(`may ${show(may)}: it must be pass or never`)
  if (!isWhole(rank, 1, MOST_RANK)) wrong(`rank ${show(rank)}: it must be a number from 1 to ${MOST_RANK}`)
  if (typeof words !== 'string' || words === '') wrong(`what ${show(words)}: it must say in words what it is`)
  fieldsOf(alias, what, match)
  return said as Guard
}

/** Ranks are priorities in steps of ten. */
const MOST_RANK = 1000

const TARGETS: ReadonlyArray<Target['to']> = ['member', 'peer', 'uplink', 'everybody', 'unknown']

function fieldsOf(alias: string, what: string, said: unknown): readonly PacketField[] {
  for (const each of list(alias, `${what}: a match`, said)) {
    const { field, value, mask } = record(each)
    if (!Object.hasOwn(FIELDS, field as string)) {
      const known = Object.keys(FIELDS).join(', ')
      throw new EngineMistake(alias, `${what} matches field ${show(field)}: it may match ${known}`)
    }
    const bits = FIELDS[field as PacketField['field']]
    if (isNumber(value, bits) && (mask === undefined || isNumber(mask, bits))) continue
    const right = bits > 64 ? 'bigint' : 'number'
    throw new EngineMistake(
      alias,
      `${what} matches ${show(field)} with ${show(value)}: it must be a ${right} of ${bits} bits`,
    )
  }
  return said as readonly PacketField[]
}

function list(alias: string, what: string, said: unknown): readonly unknown[] {
  if (Array.isArray(said)) return said
  throw new EngineMistake(alias, `${what} is ${show(said)}: it must be a list`)
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const isFault = (said: unknown): said is Fault => {
  const { code, message, pending } = record(said)
  return typeof code === 'string' && typeof message === 'string' && typeof pending === 'boolean'
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

/** Fields of more than 64 bits are bigints, others numbers. */
const isNumber = (value: unknown, bits: number): boolean =>
  bits > 64 ? typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(bits) : isWhole(value, 0, 2 ** bits - 1)

function isAddress(value: unknown): boolean {
  try {
    return typeof value === 'string' && tunnelTo(value).type === 'set_field'
  } catch {
    return false
  }
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value !== null ? 'an object' : String(value)
