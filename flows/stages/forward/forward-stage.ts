/** Stage forward: turns an engine's typed targets into values of register `TARGET`, in the engine's own tables. */
import { audienceOfPort } from '../../audience.ts'
import { forwardsOf } from '../../engines/checked.ts'
import { memberKey, peerAddress } from '../../engines/checked-fabric.ts'
import type { Forward } from '../../engines/engine-rules.ts'
import { inDomain, set, TARGET, TO_PEER, TO_UPLINK } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { MemberScope, RemoteScope, Scope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { tunnelTo } from '../../pipeline/tunnel.ts'
import { CHUNK, copies } from './copies.ts'
import type { ForwardScope } from './forward-scope.ts'
import { LEARNED, learnSource } from './learn-site.ts'
import { toUnknown, UNKNOWN } from './unknown-address.ts'

export const forward: Stage = {
  name: 'forward',
  does: 'finds the target of a frame within its network',
  tables: [LEARNED, UNKNOWN],
  hasEngineTables: true,
  registers: [TARGET, CHUNK],
  entry: { fromMember: entryOf, fromFabric: entryOf },
  wishes: { fromSite: (port) => [learnSource(port)] },
  domain: (scope) =>
    scope.kind.isEthernet
      ? forwardsOf(scope.rules, 'domain', scope.domain).flatMap((each) =>
          forwardRules({ ...scope, author: scope.domain.key }, each),
        )
      : [],
  member: (scope) =>
    scope.kind.isEthernet
      ? forwardsOf(scope.rules, 'member', scope.domain, scope.member).flatMap((each) =>
          forwardRules(alone(scope), each),
        )
      : [],
  remote: (scope) =>
    forwardsOf(scope.rules, 'remote', scope.domain, scope.member, scope.peer).flatMap((each) =>
      forwardRules(alone(scope), each),
    ),
}

function entryOf({ kind, tables }: Scope): number | undefined {
  return kind.isEthernet ? tables.forward : undefined
}

/** The rules of one member have a single target, so they send no copies to others. */
const alone = (scope: MemberScope | RemoteScope): ForwardScope => ({
  ...scope,
  author: scope.member.port.key,
  audience: NOBODY,
})
const NOBODY = audienceOfPort(undefined)

/** @throws EngineMistake if the engine may not use the target there */
function forwardRules(scope: ForwardScope, { priority, match, target, why }: Forward): Rule[] {
  const { domain, author, tables, next, audience } = scope
  const base = { table: tables.forward, priority, match: [inDomain(domain.key), ...match], author, why }
  const goto = next('toTarget', tables.forward)
  switch (target.to) {
    case 'member':
      return [rule({ ...base, actions: [set(TARGET, memberKey(scope, target))], goto })]
    case 'peer':
      return [rule({ ...base, actions: [tunnelTo(peerAddress(scope, target)), set(TARGET, TO_PEER)], goto })]
    case 'uplink':
      return [rule({ ...base, actions: [set(TARGET, TO_UPLINK)], goto })]
    case 'everybody':
      return copies(scope, base, audience.members(), 'everybody')
    case 'unknown':
      return toUnknown(scope, base)
    case 'nobody':
      return [rule(base)]
  }
}
