import type { Rule } from '../../pipeline/rule.ts'
import type { Audience, Scope } from '../../pipeline/scope.ts'

/** Where forward rules are made: a scope, with the author of the rules and the receivers of copies. */
export interface ForwardScope extends Scope {
  readonly author: Rule['author']
  readonly audience: Audience
}
