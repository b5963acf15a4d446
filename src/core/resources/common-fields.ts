/** The fields that networks, ports and VNICs have in common, and the schemas that their rows share. */
import { Type } from 'typebox'
import type { Field } from './field.ts'

export const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
export const OPAQUE = '^[A-Za-z0-9._-]{1,64}$'

export const Id = Type.String({ pattern: UUID, description: 'a lower-case UUID' })
export const ChosenId = Type.String({
  pattern: UUID,
  description: 'a lower-case UUID chosen by the client, so that the request can be repeated safely',
})
export const Opaque = Type.String({ pattern: OPAQUE })
export const Detail = Type.Optional(Type.String({ description: 'why, in words' }))
export const orNull = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()])
const Name = Type.String({ maxLength: 255, description: 'for people; need not be unique' })

/** The stored properties behind the common fields. */
interface Common {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly revision: number
  readonly createdAt: string
}

/** Values of the common fields that are not stored. */
interface Showing {
  readonly standing: { readonly status: string; readonly detail?: string }
}

type CommonField<Setting = unknown> = Field<Common, Showing, Setting>

export const ID = {
  name: 'id',
  documentation:
    'A lower-case UUID, chosen by the client or else at random. A request that has it can be repeated safely.',
  answer: Id,
  request: {
    schema: ChosenId,
    roles: { create: 'member', createAlone: 'member' },
    default: undefined,
    get: ({ id }) => id,
  },
} as const satisfies CommonField

export const PROJECT = {
  name: 'project',
  documentation: 'The project that owns the object.',
  answer: Opaque,
  show: ({ project }) => project,
} as const satisfies CommonField

/** @param canChange may an update contain the field? */
export const nameField = <Node extends { readonly name: string }>(canChange: boolean) =>
  ({
    name: 'name',
    documentation: 'A name for people, which need not be unique.',
    answer: Name,
    request: {
      schema: Name,
      roles: { create: 'member', createAlone: 'member', ...(canChange && { update: 'member' }) },
      default: '',
      isAlwaysSaid: true,
      get: ({ name }) => name,
      set: (node, name) => ({ ...node, name: String(name) }),
    },
  }) as const satisfies Field<Node, unknown, unknown>

export const STATUS_DETAIL = {
  name: 'status_detail',
  documentation: 'Why it has its status, where there is something to say.',
  answer: Detail,
  show: (_node, { standing }) => standing.detail,
} as const satisfies CommonField

export const REVISION = {
  name: 'revision',
  documentation: 'A number that grows with every change that was asked for. It is also sent as the ETag.',
  answer: Type.Integer({ minimum: 1, description: 'grows with every change; also sent as ETag' }),
  show: ({ revision }) => revision,
} as const satisfies CommonField

export const CREATED_AT = {
  name: 'created_at',
  documentation: 'When it was made: RFC 3339, UTC.',
  answer: Type.String({ format: 'date-time' }),
  show: ({ createdAt }) => createdAt,
} as const satisfies CommonField
