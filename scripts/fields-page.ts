/** The page docs/fields.md: every field of the API's resources, made from their tables. */
import type { Engine } from '../src/core/engine/engine.ts'
import type { AnyField } from '../src/core/resources/field.ts'
import type { AnyTable, EngineFields } from '../src/core/resources/field-table.ts'
import { tablesOf } from '../src/core/resources/tables.ts'
import { builtIn, ENGINE_ALIASES, kindsOf } from '../src/engines/engine-list.ts'
import { FEATURES } from '../src/features/feature-list.ts'

const NO_SETTINGS = { physicalNetworks: {}, overlays: { vxlan: { vnis: [] }, geneve: { vnis: [] }, mtu: 1500 } }

const HEAD = `# The fields of the API's resources

This page is made from the tables in the sources: \`npm run docs\` writes it. The OpenAPI document of a running controller has the
schemas, and only the fields of the engines that are loaded. [The API in short](api.md) says how requests work.

**POST** and **PATCH** name the least role that may set a field when the object is made, and later; a field without either is
read only. A field in parentheses can be set only on a port that is in no network. Bold means that each request must have it.
`

const INTRODUCTIONS = {
  network: 'Networks cannot be changed, only made and destroyed.',
  port: 'A port is in a network (`POST …/networks/{id}/ports`) or in none (`POST …/ports`).',
  vnic: 'A VNIC is changed by plugging it, unplugging it and migrating it.',
}

interface Line {
  readonly name: string
  /** The engine of the field; null for fields of the core. */
  readonly of: string | null
  readonly post: string
  readonly patch: string
  readonly default: string
  readonly documentation: string
}

export function fieldsPage(): string {
  const engines: readonly Engine[] = builtIn(ENGINE_ALIASES, NO_SETTINGS)
  const tables = tablesOf(engines, kindsOf(engines), FEATURES)
  const sections = Object.values(tables).map((table: AnyTable) =>
    [`## ${titleOf(table)}`, INTRODUCTIONS[table.title], linesOf(table).join('\n')].join('\n\n'),
  )
  return `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`
}

const titleOf = ({ title }: AnyTable): string => (title === 'vnic' ? 'VNIC' : title[0]?.toUpperCase() + title.slice(1))

function linesOf(table: AnyTable): string[] {
  const lines = [
    ...table.head.map((row) => coreLine(table, row)),
    ...engineLines(table.engines),
    ...table.tail.map((row) => coreLine(table, row)),
  ]
  return [
    '| field | of | POST | PATCH | default | is |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines.map(({ name, of, post, patch, default: usual, documentation }) =>
      `| \`${name}\` | ${of ?? ''} | ${post} | ${patch} | ${usual} | ${documentation} |`.replaceAll('  ', ' '),
    ),
  ]
}

function coreLine({ title }: AnyTable, row: AnyField): Line {
  const { name, documentation, request } = row
  const feature = FEATURES.find((each) => (each[`${title}Fields`] ?? []).some((field) => field.name === name))
  const { create, createAlone, update } = request?.roles ?? {}
  const post = create ?? (createAlone ? `(${createAlone})` : '')
  return {
    name,
    of: feature?.name ?? null,
    post: request?.isRequired ? `**${post}**` : post,
    patch: update ?? '',
    default: defaultOf(request?.default),
    documentation,
  }
}

const defaultOf = (value: unknown): string => (value === undefined ? '' : `\`${JSON.stringify(value)}\``)

/** The lines for fields of engines. Engines that share a field share the line. */
function engineLines(groups: readonly EngineFields[]): Line[] {
  const lines = new Map<unknown, Line>()
  for (const { of, occasions, rows, schema } of groups) {
    for (const { name, documentation, request, role = 'member', default: usual } of rows) {
      const there = lines.get(documentation)
      if (there) {
        lines.set(documentation, { ...there, of: `${there.of}, \`${of}\`` })
        continue
      }
      const isRequired = schema.required?.includes(name) ?? false
      lines.set(documentation, {
        name,
        of: `\`${of}\``,
        post: request ? (isRequired ? `**${role}**` : role) : '',
        patch: request && occasions.includes('update') ? role : '',
        default: defaultOf(usual),
        documentation,
      })
    }
  }
  return [...lines.values()]
}
