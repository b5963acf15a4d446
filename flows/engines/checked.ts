/**
 * Checks what an engine says before it becomes a rule, because engines may come from other authors. An engine that throws, or
 * says something impossible, makes a mistake. Then the object that it was asked about gets no rules, and the status of the
 * object says why.
 */
import type {
  Announcement,
  Borrowed,
  Domain,
  EngineRules,
  Forward,
  Guard,
  Member,
  Neighbour,
  PacketField,
  Punt,
  Target,
} from './engine-rules.ts'
import { isNumber, isWhole, record, show } from './said-values.ts'

/** An engine threw, or said something impossible. The message says which engine and what. */
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

/** @throws EngineMistake */
export function guardsOf(rules: EngineRules, member: Member, domain: Domain): Guard[] {
  const said = list(rules.alias, 'guard()', ask(rules, 'guard', [member, domain]))
  return said.map((each, index) => guardOf(rules.alias, `guard()[${index}]`, each))
}

/** @throws EngineMistake */
export const neighboursOf = (rules: EngineRules, member: Member, domain: Domain): Neighbour[] =>
  rules.neighbours ? addresses(rules.alias, 'neighbours()', ask(rules, 'neighbours', [member, domain])) : []

/** @throws EngineMistake */
export function borrowsOf(rules: EngineRules, member: Member, domain: Domain): Borrowed[] {
  if (!rules.borrows) return []
  const said = list(rules.alias, 'borrows()', ask(rules, 'borrows', [member, domain]))
  return said.map((each, index) => {
    const { family, address, mask } = record(each)
    const bits = family === 4 ? 32 : 128
    const isRight = (family === 4 || family === 6) && isNumber(address, bits) && isNumber(mask, bits)
    if (isRight && isWithin(each as Borrowed)) return each as Borrowed
    const right = '{family: 4 or 6, address, mask}, with no bit of the address outside of the mask'
    throw new EngineMistake(rules.alias, `borrows()[${index}] says ${show(address)}: it must be ${right}`)
  })
}

const isWithin = ({ address, mask }: Borrowed): boolean => (BigInt(address) & ~BigInt(mask)) === 0n

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
export const ownFramesOf = (rules: EngineRules, member: Member): readonly PacketField[] =>
  rules.ownFrames ? fieldsOf(rules.alias, 'ownFrames()', ask(rules, 'ownFrames', [member])) : []

/** @throws EngineMistake */
export function announcementsOf(
  rules: EngineRules,
  ...about: Parameters<NonNullable<EngineRules['announcements']>>
): Announcement[] {
  if (!rules.announcements) return []
  const said = list(rules.alias, 'announcements()', ask(rules, 'announcements', about))
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

/** The functions of an engine. */
type Asked = Required<Omit<EngineRules, 'alias'>>

/** Calls a function of an engine. @throws EngineMistake if it throws or returns a promise */
export function ask<Name extends keyof Asked>(rules: EngineRules, name: Name, about: Parameters<Asked[Name]>): unknown {
  let said: unknown
  try {
    said = Reflect.apply(rules[name] as Asked[Name], rules, about)
  } catch (cause) {
    throw new EngineMistake(rules.alias, `${name}() failed: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  if (!(said instanceof Promise)) return said
  // Nobody waits for this promise, so its rejection must not end the process.
  said.catch(() => undefined)
  throw new EngineMistake(rules.alias, `${name}() says a promise: it must say what it has to say at once`)
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
  if (!isWhole(rank, 1, MAX_RANK)) wrong(`rank ${show(rank)}: it must be a number from 1 to ${MAX_RANK}`)
  if (typeof words !== 'string' || words === '') wrong(`what ${show(words)}: it must say in words what it is`)
  fieldsOf(alias, what, match)
  return said as Guard
}

/** Each rank stands for ten priorities. */
const MAX_RANK = 1000

const TARGETS: ReadonlyArray<Target['to']> = ['member', 'peer', 'uplink', 'everybody', 'unknown', 'nobody']

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
