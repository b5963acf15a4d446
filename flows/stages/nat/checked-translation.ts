/** What an engine says of a routed network, looked at: a member has no address but the one that the core gave to its port. */
import { EngineMistake } from '../../engines/checked.ts'
import type { Domain, EngineRules, Member, Routed, Translation } from '../../engines/engine-rules.ts'
import { dotted, isWithin } from '../../engines/prefix.ts'
import { addressSegment } from '../../engines/segment-name.ts'

/** @throws EngineMistake */
export function translationOf(rules: EngineRules, domain: Domain, fabric: Routed, member: Member): Translation {
  const said = ask(rules, member)
  const { floating, inside, mac } = said
  const wrong = (words: string): never => {
    throw new EngineMistake(rules.alias, `translation() says ${words}`)
  }
  if (![floating, inside].every((each) => isWhole(each, 32)) || !isWhole(mac, 48))
    wrong('no {floating, inside, mac}, numbers of 32, 32 and 48 bits')
  const own = addressSegment(fabric.role.replace(/^uplink:/, ''), floating)
  if (member.port.segmentId !== own) wrong(`address ${dotted(floating)}, but ${member.port.id} was not given ${own}`)
  if (!isWithin(floating, fabric.prefix))
    wrong(`address ${dotted(floating)}, which is not in the prefix of ${domain.id}`)
  if (!isWithin(inside, fabric.inside) || inside === fabric.gateway)
    wrong(`address ${dotted(inside)}, which is none that a member of ${domain.id} may have`)
  return said
}

function ask(rules: EngineRules, member: Member): Translation {
  if (!rules.translation) throw new EngineMistake(rules.alias, 'its domain is routed, and it has no translation()')
  try {
    return rules.translation(member)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new EngineMistake(rules.alias, `translation() failed: ${words}`, cause)
  }
}

const isWhole = (value: unknown, bits: number): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits
