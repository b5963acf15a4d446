/** Roles of controllers (OpenFlow 1.5.1, 7.3.8 and 7.4.4). */
import { errorNamed } from '../wire/error-values.ts'
import { choice, or, pad, since, struct, u8, u16, u32, u64 } from '../wire/layout.ts'
import { properties, type UnknownProperty } from '../wire/properties.ts'
import { V1_5 } from '../wire/versions.ts'

const ROLES = ['nochange', 'equal', 'master', 'slave'] as const
/**
 * The role of a controller. `master` is the only one with this role, and `slave` may only read (OpenFlow 1.5.1, 6.3.7).
 */
export type Role = (typeof ROLES)[number]
export const roleName = choice(u32, ROLES, errorNamed('ROLE_REQUEST_FAILED', 'BAD_ROLE'))

/** `generationId` has 64 bits and wraps around: a switch compares it as a signed difference. */
export const role = struct({ role: roleName, shortId: since(V1_5, or(u16, 0xffff), 2), pad: pad(2), generationId: u64 })

const NONE: readonly UnknownProperty[] = []
/** No property has a row. */
const roleProperties = { ...properties({}), fallback: NONE }

const REASONS = ['master_request', 'config', 'experimenter'] as const
const reason = choice(u8, REASONS, errorNamed('BAD_PROPERTY', 'BAD_VALUE'))
export const roleStatus = struct({ role: roleName, reason, pad: pad(3), generationId: u64, properties: roleProperties })
