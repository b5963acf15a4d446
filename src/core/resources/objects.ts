/** Common parts of the operations: find an object of a project, check its revision, recognise a repeated request. */
import { PlugboardError } from '../errors.ts'

/** The revisions that the caller accepts, or null for any (`If-Match`). */
export type Expected = readonly number[] | null

/** Returns the object if it belongs to the project; otherwise refuses as if it did not exist. */
export function owned<T extends { readonly project: string }>(
  object: T | undefined,
  project: string,
  what: string,
  id: string,
  field?: string,
): T {
  if (object?.project === project) return object
  const detail = `project ${project} has no ${what} ${id}`
  throw new PlugboardError('not-found', detail, field === undefined ? {} : { field })
}

/** An object as an error calls it: with its id for its own project alone. @param what "port" or "VNIC" */
export const calledFor = (
  project: string,
  what: string,
  object: { readonly id: string; readonly project: string },
): string => (object.project === project ? `${what} ${object.id}` : `a ${what} of another project`)

export function checkRevision(expected: Expected, revision: number, what: string): void {
  if (expected === null || expected.includes(revision)) return
  throw new PlugboardError(
    'revision-mismatch',
    `${what} is at revision ${revision}, not ${expected.join(' or ') || 'what If-Match names'}: read it again before you change it`,
  )
}

/** A body with defaults filled in, as text that is equal for equal bodies. */
export const canonical = (body: object): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(body)
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    (_, value) =>
      value && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  )

/**
 * Does this POST repeat the one that created the object?
 * @throws PlugboardError `id-conflict` if another request has created an object with this id
 */
export function repeated<T extends { readonly project: string; readonly request: string }>(
  there: T | undefined,
  project: string,
  request: string,
  what: string,
): T | undefined {
  if (!there) return undefined
  if (there.project === project && there.request === request) return there
  throw new PlugboardError('id-conflict', `the id is that of a ${what} made with another request: choose another id`, {
    field: 'id',
  })
}

/** The current time as the API shows it: RFC 3339, UTC. */
export const timestamp = (): string => new Date().toISOString()
