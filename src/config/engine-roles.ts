/** Reads which role it takes to make networks and ports of an engine. */
import { ROLES, type Role } from '../core/caller.ts'
import { DEFAULT_ENGINE_ROLES, type EngineRoles } from '../core/engine/roles.ts'
import { Disallowed, readOneOf } from './values.ts'

const FORM = '{flat: admin}: aliases of engines, each with a role: member or admin'
const readRole = readOneOf<Role>(ROLES.filter((role) => role !== 'reader'))

/** An engine that the value does not name keeps its default. */
export function readRoles(value: unknown): EngineRoles {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Disallowed(value, FORM)
  const roles = Object.entries(value).map(([alias, role]) => [alias, roleOf(alias, role)] as const)
  return { ...DEFAULT_ENGINE_ROLES, ...Object.fromEntries(roles) }
}

function roleOf(alias: string, role: unknown): Role {
  try {
    return readRole(role)
  } catch (error) {
    throw error instanceof Disallowed ? new Disallowed(role, error.message, { at: `.${alias}` }) : error
  }
}
