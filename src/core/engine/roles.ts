/** The least role that may make networks or ports of an engine. */
import { type Caller, type Role, suffices } from '../caller.ts'
import { PlugboardError } from '../errors.ts'

/** By the engine's alias. An engine that is not named takes role `member`. */
export type EngineRoles = Readonly<Record<string, Role>>

/**
 * A network of `flat` is the untagged side of a physical network, which other machines use, too. A port of `remote-l2` sends frames
 * of a network to any address. So both are for operators, unless the configuration says otherwise.
 */
export const DEFAULT_ENGINE_ROLES: EngineRoles = { flat: 'admin', 'remote-l2': 'admin' }

/** @param what "a network" or "a port" @throws PlugboardError `forbidden` */
export function checkEngineRole(roles: EngineRoles, alias: string, caller: Caller, what: string): void {
  const role = Object.hasOwn(roles, alias) ? (roles[alias] ?? 'member') : 'member'
  if (suffices(caller.role, role)) return
  const detail = `${what} of engine ${alias} takes role ${role}, this token has role ${caller.role}: ask an operator`
  throw new PlugboardError('forbidden', detail, { field: 'engine' })
}
