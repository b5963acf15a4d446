/** What operators allow projects, beyond what roles of single fields say. */
import { DEFAULT_ENGINE_ROLES, type EngineRoles } from '../engine/roles.ts'
import { NO_QUOTAS, type Quotas } from './quotas.ts'

export interface Policy {
  /** The least role that may make objects of an engine. */
  readonly roles: EngineRoles
  readonly quotas: Quotas
}

export const DEFAULT_POLICY: Policy = { roles: DEFAULT_ENGINE_ROLES, quotas: NO_QUOTAS }
