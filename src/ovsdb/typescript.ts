/** A database's schema as the TypeScript that this library has it in; `ovsdb-types` is its command. */
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt } from './rpc.ts'
import type { BaseType, ColumnSchema, DatabaseSchema } from './served.ts'

/** Which tables, and which of their columns: all of a table's where none is named. */
export type TypeSelection = ReadonlyMap<string, readonly string[]>

/**
 * @param selection in its order; all that the schema has unless said
 * @param from where the result imports this library from
 * @returns a module: the schema as a value, its type, and a type for the rows of each table
 * @throws OvsdbError bad-value if a table or column that is named is not there, or a type is not understood
 */
export const typescriptOf = (
  schema: DatabaseSchema,
  selection: TypeSelection = new Map(Object.keys(schema.tables).map((table) => [table, []])),
  from = 'plugboard/ovsdb',
): string => {
  const tables = [...selection].map(([table, names]) => tableOf(schema, table, names))
  const body = tables.map(({ text }) => text).join('')
  const type = pascal(schema.name)
  const value = camel(type)
  const rows = tables.map(({ name }) => rowOf(name)).join('')
  return `/** Database ${schema.name}, of schema ${schema.version}. Made by ovsdb-types: make it again rather than edit it. */
import { ${importsOf(body)} } from '${from}'

/** Its tables and their columns, for \`operations\`, \`Replica\` and \`disagreements\`. */
export const ${value} = {
  name: '${schema.name}',
  tables: {
${body}  },
} as const satisfies Schema

/** The type of \`${value}\`. */
export type ${type} = typeof ${value}
type Tables = ${type}['tables']
${rows}`
}

const rowOf = (table: string): string => `/** A row of ${table}. */
export type ${pascal(table)}Row = Row<Tables['${table}']>
`

const tableOf = (schema: DatabaseSchema, table: string, names: readonly string[]) => {
  const columns = schema.tables[table]?.columns
  if (columns === undefined) throw bad(`${schema.name} has no table ${table}`)
  const lines = (names.length > 0 ? names : Object.keys(columns)).map((name) => {
    const column = columns[name]
    if (column === undefined) throw bad(`table ${table} has no column ${name}`)
    return `      ${name}: ${columnOf(`${table}.${name}`, column)},\n`
  })
  return { name: table, text: `    ${table}: {\n${lines.join('')}    },\n` }
}

/** @param where it is, for errors */
const columnOf = (where: string, { type, mutable = true }: ColumnSchema): string => {
  const { key, value, min = 1, max = 1 } = typeof type === 'string' ? { key: type } : type
  // Such a map's changes would come as of a single value; nobody has one.
  if (value !== undefined && max === 1) throw bad(`${where} is a map of at most one pair`)
  const column =
    value !== undefined
      ? `mapOf(${baseOf(where, key)}, ${baseOf(where, value)})`
      : `${max !== 1 ? 'setOf' : min === 0 ? 'optional' : 'scalar'}(${baseOf(where, key)})`
  return mutable ? column : `immutable(${column})`
}

const ATOMS: readonly string[] = ['integer', 'real', 'boolean', 'string', 'uuid']

const baseOf = (where: string, base: BaseType): string => {
  const { type, enum: values } = typeof base === 'string' ? { type: base } : base
  if (!ATOMS.includes(type)) throw bad(`${where} is of type ${excerpt(type)}`)
  return type === 'string' && values !== undefined ? `[${enumOf(where, values).map(quoted).join(', ')}]` : quoted(type)
}

/** RFC 7047 section 3.2: a <value>, so that a set of one may be written as its element. */
const enumOf = (where: string, values: unknown): readonly string[] => {
  const list = Array.isArray(values) && values[0] === 'set' ? values[1] : [values]
  if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list
  throw bad(`${where} is one of ${excerpt(values)}`)
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const importsOf = (body: string): string => {
  const makers = ['immutable', 'mapOf', 'optional', 'scalar', 'setOf'].filter((name) => body.includes(`${name}(`))
  const at = makers.findIndex((name) => name > 'row')
  const types = ['type Row', 'type Schema']
  return makers.toSpliced(at < 0 ? makers.length : at, 0, ...types).join(', ')
}

/** `Open_vSwitch` is OpenVSwitch, `_Server` Server. */
const pascal = (name: string): string =>
  name
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')

/** OpenVSwitch is openVSwitch, OVNSouthbound ovnSouthbound. */
const camel = (name: string): string =>
  name.replace(/^(?:[A-Z]+(?=[A-Z][a-z]|$)|[A-Z])/, (start) => start.toLowerCase())

const bad = (detail: string): OvsdbError => new OvsdbError('bad-value', detail)
