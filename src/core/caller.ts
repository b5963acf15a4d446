/** Who makes a request: the project and the role of its token. */
import type { ProjectId } from '../../topology/ids.ts'

/** The roles, from the least to the most powerful. */
export const ROLES = ['reader', 'member', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** May a caller with the first role do what takes the second one? */
export const suffices = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

export interface Caller {
  /** The project of the token; `*` means all projects. */
  readonly project: ProjectId | '*'
  readonly role: Role
  /** Tells the token from all others, without revealing it. Limits for each token count by it. Undefined: there are no tokens. */
  readonly id?: string
}
