/**
 * Wraps an outside engine, and checks its answers before the core uses them. A wrong answer makes only the current request fail;
 * the problem says why. The compiler checks the engine's rules (`flows/engines/checked.ts`).
 */
import type { Member } from '../../../flows/engines/engine-rules.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Attributes } from '../../../topology/model.ts'
import { PlugboardError } from '../errors.ts'
import { isSegmentName } from '../resources/segments.ts'
import type { Answer, Engine, NetworkService, PortFields, PortPlan, PortService, VnicKind } from './engine.ts'
import type { TakenNames } from './taken-names.ts'

type Taken = readonly string[]
type Json = Readonly<Record<string, unknown>>

/** @param taken names that the engine's attributes must not have */
export function guarded(engine: Engine, { shown }: TakenNames): Engine {
  // Takes the properties one by one: the engine may be an instance of a class, whose methods a spread would lose.
  const { alias, name, description, kinds, rules } = engine
  return {
    alias,
    name,
    description,
    kinds,
    rules,
    ...(engine.vnics && { vnics: engine.vnics.map((kind) => guardedKind(alias, kind, shown.vnic)) }),
    ...(engine.networks && { networks: guardedNetworks(alias, engine.networks, shown) }),
    ...(engine.ports && { ports: guardedPorts(alias, engine.ports, shown.port) }),
    checkPlug: (graph, vnic, port) => trying(alias, 'checkPlug()', () => engine.checkPlug(graph, vnic, port)),
    judgeHost(config) {
      try {
        const said = atOnce(engine.judgeHost(config))
        if (said.every((each) => typeof each.code === 'string' && typeof each.message === 'string')) return said
        throw new TypeError('it must say a list of {code, message}')
      } catch (error) {
        return [{ code: 'engine-mistake', message: `engine "${alias}": judgeHost() failed: ${wordsOf(error)}` }]
      }
    },
    ...(engine.answer && {
      // The caller logs a mistake. The guest gets no answer.
      answer: (graph: GraphReader, member: Member, frame: Uint8Array) =>
        checkedAnswer(
          alias,
          trying(alias, 'answer()', () => engine.answer?.(graph, member, frame)),
        ),
    }),
    // The caller checks the ports of all engines together.
    fabricPorts: (here) => atOnce(engine.fabricPorts(here)),
  }
}

/** The most frames that one answer may have. */
const MAX_FRAMES = 4
/** The length of a frame, from a bare Ethernet header to a jumbo frame. */
const MIN_FRAME_OCTETS = 14
const MAX_FRAME_OCTETS = 9_014

function checkedAnswer(alias: string, said: unknown): Answer {
  const { frames, note } = isObject(said) ? said : {}
  const isFrame = (frame: unknown) =>
    frame instanceof Uint8Array && frame.length >= MIN_FRAME_OCTETS && frame.length <= MAX_FRAME_OCTETS
  if (!Array.isArray(frames) || frames.length > MAX_FRAMES || !frames.every(isFrame))
    throw mistake(
      alias,
      `answer() says no frames: it must be a list of ${MAX_FRAMES} at most, of ${MIN_FRAME_OCTETS} octets and more`,
    )
  return typeof note === 'string' ? { frames, note } : { frames }
}

const guardedKind = (alias: string, kind: VnicKind, taken: Taken): VnicKind => ({
  kind: kind.kind,
  schema: kind.schema,
  ...(kind.rows && { rows: kind.rows }),
  attributes(fields) {
    const said = trying(alias, 'attributes()', () => kind.attributes(fields))
    if (!isObject(said?.asked)) throw mistake(alias, 'attributes() says no `asked`, an object')
    return { asked: said.asked, attributes: plain(alias, 'attributes()', said.attributes, taken) }
  },
})

function guardedNetworks(alias: string, networks: NetworkService, taken: TakenNames['shown']): NetworkService {
  const { portFields } = networks
  const mtu = (graph: GraphReader): number | string => {
    try {
      const said: unknown = atOnce(networks.mtu(graph))
      return isOctets(said) ? said : `networks.mtu() says ${said}: it must be a number of octets`
    } catch (error) {
      return `networks.mtu() failed: ${wordsOf(error)}`
    }
  }
  return {
    mesh: networks.mesh,
    ...(networks.hypervisorRules !== undefined && { hypervisorRules: networks.hypervisorRules }),
    segment: networks.segment,
    ...(networks.bridged !== undefined && { bridged: networks.bridged }),
    ...(networks.fields && { fields: networks.fields }),
    ...(networks.rows && { rows: networks.rows }),
    plan(graph, asked, fields) {
      const said = trying(alias, 'networks.plan()', () => networks.plan(graph, asked, fields))
      const segment = plain(alias, 'networks.plan().segment', said?.segment, [])
      const attributes = plain(alias, 'networks.plan().attributes', said.attributes ?? {}, taken.network)
      return { segment, segmentId: segmentName(alias, 'networks.plan().segmentId', said.segmentId), attributes }
    },
    mtu(graph) {
      const said = mtu(graph)
      return typeof said === 'number' ? said : 0
    },
    limits(graph, network) {
      const octets = mtu(graph)
      if (typeof octets === 'string') return `engine "${alias}": ${octets}`
      try {
        const said: unknown = atOnce(networks.limits?.(graph, network))
        return said === undefined ? undefined : String(said)
      } catch (error) {
        return `engine "${alias}": networks.limits() failed: ${wordsOf(error)}`
      }
    },
    ...(portFields && { portFields: guardedFields(alias, portFields, taken.port) }),
    ...(networks.canonical && {
      canonical: (fields) => {
        const said: unknown = trying(alias, 'networks.canonical()', () => networks.canonical?.(fields))
        return plain(alias, 'networks.canonical()', said, [])
      },
    }),
    ...(networks.planPort && {
      planPort: (graph, network, port) => {
        const said = trying(alias, 'networks.planPort()', () => networks.planPort?.(graph, network, port))
        const attributes = plain(alias, 'networks.planPort().attributes', said?.attributes, taken.port)
        return { attributes, hypervisor: null, segment: segmentPart(alias, said?.segment ?? null) }
      },
    }),
    ...(networks.addresses && {
      addresses: (network, port) => {
        const said: unknown = trying(alias, 'networks.addresses()', () => networks.addresses?.(network, port))
        if (Array.isArray(said) && said.every(isPoolAddress)) return said
        const right = 'a list of {pool, value, text, field}, with a name, a number of 32 bits and two texts'
        throw mistake(alias, `networks.addresses() says no addresses: it must be ${right}`)
      },
    }),
  }
}

function isPoolAddress(said: unknown): boolean {
  const { pool, value, text, field } = isObject(said) ? said : {}
  const isWord = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff
  return typeof pool === 'string' && /^[a-z0-9-]{1,32}$/.test(pool) && isWord && isText(text) && isText(field)
}

const isText = (said: unknown): boolean => typeof said === 'string'

const guardedFields = (alias: string, portFields: PortFields, taken: Taken): PortFields => ({
  schema: portFields.schema,
  ...(portFields.rows && { rows: portFields.rows }),
  set(graph, port, fields, caller) {
    const said = trying(alias, 'portFields.set()', () => portFields.set(graph, port, fields, caller))
    const attributes = plain(alias, 'portFields.set().attributes', said?.attributes, taken)
    // An engine may set only these two; all other properties of a port belong to the core.
    return { ...port, attributes, floodUnknown: said.floodUnknown === true }
  },
  ...(portFields.check && {
    check: (graph, port) => trying(alias, 'portFields.check()', () => portFields.check?.(graph, port)),
  }),
  ...(portFields.borrowsAddresses && {
    borrowsAddresses: (port) =>
      trying(alias, 'portFields.borrowsAddresses()', () => portFields.borrowsAddresses?.(port) === true),
  }),
})

const guardedPorts = (alias: string, ports: PortService, taken: Taken): PortService => ({
  schema: ports.schema,
  ...(ports.rows && { rows: ports.rows }),
  inNetworks: ports.inNetworks,
  ...(ports.canonical && {
    canonical: (fields) => {
      const said: unknown = trying(alias, 'ports.canonical()', () => ports.canonical?.(fields))
      return plain(alias, 'ports.canonical()', said, [])
    },
  }),
  plan(graph, network, fields, caller) {
    const said = trying(alias, 'ports.plan()', () => ports.plan(graph, network, fields, caller))
    const attributes = plain(alias, 'ports.plan().attributes', said?.attributes, taken)
    const { hypervisor } = said
    if (network ? !hypervisor || !graph.hypervisors.has(hypervisor) : hypervisor !== null) {
      const right = network
        ? 'the hypervisor where a port in a network leads to a remote site'
        : 'null for a port on its own'
      throw mistake(alias, `ports.plan().hypervisor is ${hypervisor}: it must be ${right}`)
    }
    return { attributes, hypervisor, segment: segmentPart(alias, said.segment) }
  },
})

function segmentPart(alias: string, segment: unknown): PortPlan['segment'] {
  if (segment === null) return null
  const { id, partOf } = isObject(segment) ? segment : {}
  const part = segmentName(alias, 'ports.plan().segment.id', id)
  const whole = segmentName(alias, 'ports.plan().segment.partOf', partOf)
  if (part.startsWith(`${whole}/`)) return { id: part, partOf: whole }
  throw mistake(alias, `ports.plan().segment is ${part}, which is no part of ${whole}`)
}

function segmentName(alias: string, what: string, said: unknown): string {
  if (typeof said === 'string' && isSegmentName(said)) return said
  throw mistake(alias, `${what} is ${said}: it must be the name of a segment, such as vxlan/4097`)
}

/** Checks attributes. @param taken names that they must not have */
function plain(alias: string, what: string, said: unknown, taken: readonly string[]): Attributes {
  if (!isObject(said)) throw mistake(alias, `${what} says no attributes, an object`)
  for (const [name, value] of Object.entries(said)) {
    if (taken.includes(name)) throw mistake(alias, `${what} has "${name}", which is a field of the core's`)
    if (!isPlain(value)) throw mistake(alias, `${what} has "${name}", which is no value that JSON has`)
  }
  return said as Attributes
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return true
  return typeof value === 'object' && Object.values(value as object).every(isPlain)
}

/** Passes a PlugboardError on to the caller. Any other error is a mistake of the engine. */
function trying<T>(alias: string, what: string, ask: () => T): T {
  try {
    return atOnce(ask())
  } catch (error) {
    if (error instanceof PlugboardError) throw error
    throw mistake(alias, `${what} failed: ${wordsOf(error)}`, error)
  }
}

/** Checks that an answer is not a promise: the callers do not wait. @throws TypeError */
export function atOnce<T>(said: T): T {
  if (!(said instanceof Promise)) return said
  said.catch(() => undefined)
  throw new TypeError('it says a promise, and must say what it has to say at once')
}

const mistake = (alias: string, words: string, cause?: unknown): PlugboardError =>
  new PlugboardError('unavailable', `engine "${alias}": ${words}`, { cause })

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isOctets = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
