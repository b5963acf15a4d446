/**
 * Stage trunk: the port of a VNIC may carry other ports, each with a VLAN tag. Between the VM and the switch, the tag says
 * which port a frame belongs to. The switch removes it from frames of the VM, and adds it to frames for the VM.
 */
import type { OxmField } from '../../../src/openflow/index.ts'
import { called, describeMember, type Member } from '../../engines/engine-rules.ts'
import { inDomain, is, TARGET } from '../../pipeline/registers.ts'
import { type Rule, rule } from '../../pipeline/rule.ts'
import type { MemberScope } from '../../pipeline/scope.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { CLASSIFY, EGRESS } from '../../pipeline/table.ts'
import { ANY_TAG, POP_TAG, pushTag, SECOND_TAGS, withTag } from '../../pipeline/vlan-tag.ts'
import type { Framing } from '../../pipeline/wishes.ts'

export const trunk: Stage = {
  name: 'trunk',
  does: 'tells the ports of a trunk from each other by their tags',
  rulesIn: [CLASSIFY, EGRESS],
  wishes: { framing: ({ tag }) => (tag === null ? undefined : framingOf(tag)) },
  member: (scope) => [...noSecondTag(scope.member), ...noForeignTags(scope)],
}

const framingOf = (tag: number): Framing => ({
  match: [withTag(tag)],
  words: `frames with tag ${tag}`,
  unwrap: [POP_TAG],
  wrap: pushTag(tag),
})

/** Frames with a second tag are dropped: without the tag of the trunk, the second tag could lead into a VLAN. */
function noSecondTag(member: Member): Rule[] {
  const { port, ofport, tag } = member
  if (tag === null) return []
  const match: OxmField[] = [{ field: 'in_port', value: ofport }, withTag(tag)]
  const why = `${describeMember(member)}: frames with tag ${tag} and another one inside are nobody's`
  return SECOND_TAGS.map((second) =>
    rule({ table: CLASSIFY.number, priority: 110, match: [...match, second], author: port.key, why }),
  )
}

/**
 * A VNIC whose port has a trunk takes every tag for a tag of its trunk. So it must not receive frames with other tags from its
 * network.
 */
function noForeignTags({ member, domain, kind }: MemberScope): Rule[] {
  const { port } = member
  if (port.trunk.length === 0 || !kind.isEthernet) return []
  const match = [inDomain(domain.key), is(TARGET, port.key)]
  const why = `${describeMember(member)}: tags are those of its trunk, so it receives no tagged frames of ${called(domain)}`
  return [ANY_TAG, ...SECOND_TAGS].map((tag) =>
    rule({ table: EGRESS.number, priority: 110, match: [...match, tag], author: port.key, why }),
  )
}
