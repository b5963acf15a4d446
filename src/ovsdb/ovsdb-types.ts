#!/usr/bin/env node
/** The `ovsdb-types` command: an .ovsschema file to TypeScript. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { databaseSchemaOf } from './served.ts'
import { typescriptOf } from './typescript.ts'

const HELP = `Usage: ovsdb-types SCHEMA [TABLE[:COLUMN,...]]... [--from MODULE] [--output FILE]

Writes the tables and columns of an .ovsschema file as TypeScript, for plugboard/ovsdb to type its rows by.

  TABLE[:COLUMN,...]   only these tables, and of each these columns or all
  --from MODULE        where the result imports the library from; plugboard/ovsdb unless said
  --output FILE        write it there, not to the standard output
  --help               this text`

const main = (): void => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string' }, output: { type: 'string' }, help: { type: 'boolean' } },
  })
  const [file, ...tables] = positionals
  if (values.help) {
    console.log(HELP)
    return
  }
  if (file === undefined) throw new Error('it lacks the SCHEMA; see --help')
  const selection = new Map(
    tables.map((text) => {
      const [table = '', columns] = text.split(':', 2)
      return [table, columns?.split(',') ?? []]
    }),
  )
  const schema = databaseSchemaOf(JSON.parse(readFileSync(file, 'utf8')))
  const text = typescriptOf(schema, tables.length > 0 ? selection : undefined, values.from)
  if (values.output === undefined) process.stdout.write(text)
  else writeFileSync(values.output, text)
}

try {
  main()
} catch (error) {
  console.error(`ovsdb-types: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
