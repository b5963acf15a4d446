/**
 * Stage nat: networks whose members each have an IPv4 address on a physical network. The switch of a member translates between
 * that address and the address that its VM knows, and finds next hops.
 */
import { DOMAIN, FROM_FABRIC, TARGET } from '../../pipeline/registers.ts'
import type { Scope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { ANSWER, CLASSIFY } from '../../pipeline/table.ts'
import { translationOf } from './checked-translation.ts'
import { fromKnown, fromRouter, inward } from './inward.ts'
import * as own from './nat-tables.ts'
import { gateway, outward } from './outward.ts'
import { type Routed, routedFabric } from './routed-fabric.ts'

export const nat: Stage = {
  name: 'nat',
  does: 'translates between the addresses of VMs and those of a physical network, and routes there',
  tables: [own.NAT_OUT, own.TRANSLATED, own.ROUTE, own.NEIGHBOURS, own.HOP, own.NAT_IN, own.DELIVER],
  rulesIn: [CLASSIFY, ANSWER],
  registers: [own.VIA, own.RESOLVED, own.NEXT_HOP],
  writes: [DOMAIN, FROM_FABRIC, TARGET],
  meters: [own.NEXT_HOP_METER],
  punts: [CLASSIFY, own.HOP],
  fabrics: [routedFabric],
  entry: {
    fromMember: ({ fabric }) => (fabric.kind === 'routed' ? own.NAT_OUT.number : undefined),
    fromFabric: ({ fabric }) => (fabric.kind === 'routed' ? own.NAT_IN.number : undefined),
  },
  domain: (scope) => (isRouted(scope) ? gateway(scope) : []),
  member(scope) {
    if (!isRouted(scope)) return []
    const { rules, domain, fabric, member } = scope
    const translated = { ...scope, translation: translationOf(rules, domain, fabric, member) }
    return [...outward(translated), ...inward(translated)]
  },
  hypervisor: (scope) => (isRouted(scope) ? [...fromRouter(scope), ...fromKnown(scope)] : []),
}

const isRouted = <S extends Scope>(scope: S): scope is S & { readonly fabric: Routed } => scope.fabric.kind === 'routed'
