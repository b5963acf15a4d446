/** Checks that the value that a module made has the shape of an engine. A complaint names the wrong part and the right form. */

import type { Engine, ObjectSchema } from './engine.ts'
import { ETHERNET } from './offers.ts'
import type { TakenNames } from './taken-names.ts'

/** `a function plan` */
const FUNCTION = 'function'

/** The types of the parts of an engine; `?` means that the part may be left out. */
const PARTS = {
  engine: {
    name: 'string',
    description: 'string',
    checkPlug: FUNCTION,
    judgeHost: FUNCTION,
    fabricPorts: FUNCTION,
    'answer?': FUNCTION,
  },
  rules: {
    fabric: FUNCTION,
    guard: FUNCTION,
    domain: FUNCTION,
    member: FUNCTION,
    remote: FUNCTION,
    'neighbours?': FUNCTION,
    'borrows?': FUNCTION,
    'servers?': FUNCTION,
    'punts?': FUNCTION,
  },
  networks: {
    mesh: 'boolean',
    'hypervisorRules?': 'boolean',
    plan: FUNCTION,
    mtu: FUNCTION,
    'limits?': FUNCTION,
    'canonical?': FUNCTION,
    'bridged?': 'boolean',
    'planPort?': FUNCTION,
    'addresses?': FUNCTION,
  },
  portFields: { set: FUNCTION, 'check?': FUNCTION, 'borrowsAddresses?': FUNCTION },
  ports: { plan: FUNCTION, inNetworks: 'boolean', 'canonical?': FUNCTION },
  vnic: { kind: 'string', attributes: FUNCTION },
  row: { name: 'string', documentation: 'string', 'request?': 'object', 'answer?': 'object' },
} as const

const NAME = /^[a-z][a-z0-9-]{0,63}$/
/** The aliases of the extensions that several engines share. */
const SHARED = ['ethernet-vnic', 'logical-network']

type Parts = Readonly<Record<string, unknown>>

/**
 * @param taken names that the engine's fields must not have
 * @returns what is wrong, to follow the words "its engine"; undefined if the value is an engine
 */
export function whatIsWrong(value: unknown, taken: TakenNames): string | undefined {
  if (!isRecord(value)) return `is ${show(value)}: it must be an object`
  const { alias, kinds, rules, vnics, networks, ports } = value
  if (typeof alias !== 'string' || !NAME.test(alias) || SHARED.includes(alias)) {
    return `has ${show(alias)} as its alias: it must be a-z, 0-9 and -, such as "my-engine", and not ${SHARED.join(' or ')}`
  }
  const wrong =
    parts(value, '', PARTS.engine) ??
    kindsOf(kinds) ??
    rulesOf(rules, alias) ??
    (vnics === undefined ? undefined : vnicsOf(vnics, taken)) ??
    (networks === undefined ? undefined : networksOf(networks, taken)) ??
    (ports === undefined ? undefined : portsOf(ports, taken)) ??
    (networks || ports ? undefined : 'neither networks nor ports: it must have one of them, or both')
  return wrong && `(${alias}) has ${wrong}`
}

/** @returns how two of the loaded engines conflict; undefined: there is no conflict */
export function whatClashes(engines: readonly Engine[]): string | undefined {
  const brought = new Map([[ETHERNET, 'Plugboard']])
  for (const { alias, vnics = [] } of engines) {
    for (const { kind } of vnics) {
      const by = brought.get(kind)
      if (by) return `engine ${alias} adds VNICs of kind "${kind}", which ${by} already adds: choose another name`
      brought.set(kind, alias)
    }
  }
  for (const { alias, kinds } of engines) {
    const unknown = kinds.find((kind) => !brought.has(kind))
    if (unknown === undefined) continue
    return `engine ${alias} takes VNICs of kind "${unknown}", which no loaded engine adds: choose from ${[...brought.keys()].join(', ')}`
  }
  return undefined
}

function kindsOf(kinds: unknown): string | undefined {
  if (Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => typeof kind === 'string')) return undefined
  return `${show(kinds)} as kinds: it must be a list of the kinds of VNIC that its ports take, such as ["${ETHERNET}"]`
}

function rulesOf(rules: unknown, alias: string): string | undefined {
  if (!isRecord(rules)) return `${show(rules)} as rules: it must be an object`
  if (rules.alias !== alias) return `${show(rules.alias)} as rules.alias: it must be its own alias, "${alias}"`
  return parts(rules, 'rules.', PARTS.rules)
}

function vnicsOf(vnics: unknown, { asked, shown }: TakenNames): string | undefined {
  if (!Array.isArray(vnics)) return `${show(vnics)} as vnics: it must be a list of the kinds that it adds`
  for (const [index, vnic] of vnics.entries()) {
    const at = `vnics[${index}]`
    if (!isRecord(vnic)) return `${show(vnic)} as ${at}: it must be an object`
    const wrong =
      parts(vnic, `${at}.`, PARTS.vnic) ??
      schema(vnic.schema, `${at}.schema`, asked.vnic) ??
      rowsOf(vnic.rows, `${at}.rows`, shown.vnic)
    if (wrong) return wrong
    if (!NAME.test(String(vnic.kind))) return `${show(vnic.kind)} as ${at}.kind: it must be a-z, 0-9 and -`
  }
  return undefined
}

function networksOf(networks: unknown, { asked, shown }: TakenNames): string | undefined {
  if (!isRecord(networks)) return `${show(networks)} as networks: it must be an object`
  const { segment, fields, portFields } = networks
  const wrong =
    parts(networks, 'networks.', PARTS.networks) ??
    schema(segment, 'networks.segment') ??
    (fields === undefined ? undefined : schema(fields, 'networks.fields', asked.network)) ??
    rowsOf(networks.rows, 'networks.rows', shown.network)
  if (wrong || portFields === undefined) return wrong
  if (!isRecord(portFields)) return `${show(portFields)} as networks.portFields: it must be an object`
  const at = 'networks.portFields.'
  return (
    parts(portFields, at, PARTS.portFields) ??
    schema(portFields.schema, `${at}schema`, asked.portField) ??
    rowsOf(portFields.rows, `${at}rows`, shown.port)
  )
}

function portsOf(ports: unknown, { asked, shown }: TakenNames): string | undefined {
  if (!isRecord(ports)) return `${show(ports)} as ports: it must be an object`
  return (
    parts(ports, 'ports.', PARTS.ports) ??
    schema(ports.schema, 'ports.schema', asked.port) ??
    rowsOf(ports.rows, 'ports.rows', shown.port)
  )
}

function parts(value: Parts, at: string, wanted: Readonly<Record<string, string>>): string | undefined {
  for (const [name, type] of Object.entries(wanted)) {
    const part = name.replace('?', '')
    if (part !== name && value[part] === undefined) continue
    if (typeof value[part] !== type) return `${show(value[part])} as ${at}${part}: it must be a ${type}`
  }
  return undefined
}

/** @param taken names that the core or a feature already uses in the same place */
function schema(value: unknown, at: string, taken: readonly string[] = []): string | undefined {
  const { type, properties } = isRecord(value) ? (value as Partial<ObjectSchema>) : {}
  if (type !== 'object' || !isRecord(properties)) {
    return `${show(value)} as ${at}: it must be a JSON Schema {type: "object", properties: {…}}`
  }
  return named(Object.keys(properties), at, taken)
}

function rowsOf(value: unknown, at: string, taken: readonly string[]): string | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return `${show(value)} as ${at}: it must be a list of fields`
  for (const [index, row] of value.entries()) {
    const wrong = isRecord(row)
      ? parts(row, `${at}[${index}].`, PARTS.row)
      : `${show(row)} as ${at}[${index}]: it must be an object`
    if (wrong) return wrong
  }
  return named(
    value.map(({ name }) => String(name)),
    at,
    taken,
  )
}

function named(names: readonly string[], at: string, taken: readonly string[]): string | undefined {
  const name = names.find((each) => taken.includes(each) || !/^[a-z][a-z0-9_]*$/.test(each))
  if (name === undefined) return undefined
  const why = taken.includes(name) ? 'the core has a field of that name' : 'a name must be a-z, 0-9 and _'
  return `a field "${name}" in ${at}: ${why}, so take another one`
}

const isRecord = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  return typeof value === 'object' || typeof value === 'function' ? kindOf(value) : JSON.stringify(value)
}

const kindOf = (value: object | null): string => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'function' ? 'a function' : 'an object'
}
