/** Checks what an engine says about the way to the fabric and about targets beyond it, before it becomes a rule. */
import type { Hypervisor } from '../../topology/model.ts'
import type { FabricKind } from '../pipeline/fabric-kind.ts'
import type { Scope } from '../pipeline/scope.ts'
import { sameFamily } from '../pipeline/tunnel.ts'
import { ask, EngineMistake } from './checked.ts'
import type { Domain, EngineRules, Fabric, Fault, Target } from './engine-rules.ts'
import { record, show } from './said-values.ts'

type Kinds = ReadonlyMap<string, FabricKind>

/** The way to the fabric, if it belongs to the domain; otherwise the fault, which the engine may have reported itself. */
export function fabricOf(kinds: Kinds, rules: EngineRules, domain: Domain, here: Hypervisor): Fabric | Fault {
  try {
    const said: unknown = ask(rules, 'fabric', [domain, here])
    return isSaidFault(said) ? said : ownFabric(kinds, rules.alias, domain, said)
  } catch (error) {
    if (!(error instanceof EngineMistake)) throw error
    return { code: 'engine-mistake', message: error.message, pending: false }
  }
}

function ownFabric(kinds: Kinds, alias: string, domain: Domain, said: unknown): Fabric {
  const { kind: name, role } = record(said)
  const wrong = (words: string): never => {
    throw new EngineMistake(alias, `fabric() says ${words}`)
  }
  const kind = kinds.get(String(name))
  if (!kind) return wrong(`kind ${show(name)}: it must be ${oneOf([...kinds.keys()])}`)
  if (typeof role !== 'string' || !kind.role.test(role)) wrong(`role ${show(role)}: it must match ${kind.role.source}`)
  const mistake = kind.mistake(record(said))
  if (mistake !== undefined) wrong(mistake)
  const fabric = said as Fabric
  const segment = kind.segmentOf(fabric)
  if (segment !== domain.segmentId)
    wrong(`segment ${segment}, but ${domain.id} was given ${domain.segmentId ?? 'none'}`)
  return fabric
}

const oneOf = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

const isSaidFault = (said: unknown): said is Fault => {
  const { code, message, pending } = record(said)
  return typeof code === 'string' && typeof message === 'string' && typeof pending === 'boolean'
}

type Around = Pick<Scope, 'graph' | 'domain' | 'here' | 'rules' | 'kind'>

/** The key of a port on this hypervisor that belongs to the domain. @throws EngineMistake */
export function memberKey({ graph, domain, here, rules }: Around, { member }: Extract<Target, { to: 'member' }>) {
  const there = graph.placement(member?.port?.id)
  const home = there?.port.networkId ?? there?.port.id
  if (there?.hypervisor === here.id && home === domain.id) return there.port.key
  const where = `a member of ${domain.id} on hypervisor ${here.id}`
  throw new EngineMistake(rules.alias, `it hands packets to port ${member?.port?.id}, which is not ${where}`)
}

/** The tunnel address of another hypervisor with members of the domain. @throws EngineMistake */
export function peerAddress({ graph, domain, here, rules, kind }: Around, { peer }: Extract<Target, { to: 'peer' }>) {
  const there = graph.hypervisors.get(peer?.id)
  const isPeer = there && there.id !== here.id && 'segment' in domain && graph.members(domain.id).has(there.id)
  const address = there?.encapIp
  if (isPeer && kind.hasPeers && address && here.encapIp && sameFamily(here.encapIp, address)) return address
  const right = `another one with members of ${domain.id} that an overlay leads to`
  throw new EngineMistake(rules.alias, `it sends packets to hypervisor ${peer?.id}, which is not ${right}`)
}
