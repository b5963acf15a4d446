import type { Rule } from '../../pipeline/rule.ts'
import type { Audience, Scope } from '../../pipeline/scope.ts'

/** Where forward rules are made: a scope, with their author and with who gets copies. */
export interface ForwardScope extends Scope {
  readonly author: Rule['author']
  readonly audience: Audience
}
