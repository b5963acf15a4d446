/** Checks what an engine says about a member of a routed network: a member may only have the address that its port was given. */
import { ask, EngineMistake } from '../../engines/checked.ts'
import type { Domain, EngineRules, Member } from '../../engines/engine-rules.ts'
import { dotted, isWithin } from '../../engines/prefix.ts'
import { isNumber, record } from '../../engines/said-values.ts'
import { nameOf } from '../../pipeline/fabric-kind.ts'
import { addressSegment, type Routed, type Translation } from './routed-fabric.ts'

/** @throws EngineMistake */
export function translationOf(rules: EngineRules, domain: Domain, fabric: Routed, member: Member): Translation {
  const wrong = (words: string): never => {
    throw new EngineMistake(rules.alias, words)
  }
  if (!rules.translation) wrong('its domain is routed, and it has no translation()')
  const said = ask(rules, 'translation', [member])
  const { floating, inside, mac } = record(said)
  if (![floating, inside].every((each) => isNumber(each, 32)) || !isNumber(mac, 48))
    wrong('translation() says no {floating, inside, mac}, numbers of 32, 32 and 48 bits')
  const translation = said as Translation
  const address = (value: number, words: string) => wrong(`translation() says address ${dotted(value)}, ${words}`)
  const own = addressSegment(nameOf(fabric), translation.floating)
  if (member.port.segmentId !== own) address(translation.floating, `but ${member.port.id} was not given ${own}`)
  if (!isWithin(translation.floating, fabric.prefix))
    address(translation.floating, `which is not in the prefix of ${domain.id}`)
  if (!isWithin(translation.inside, fabric.inside) || translation.inside === fabric.gateway)
    address(translation.inside, `which is none that a member of ${domain.id} may have`)
  return translation
}
