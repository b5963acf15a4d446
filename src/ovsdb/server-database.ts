/** The part of ovsdb-server's database _Server (ovsdb-server(5)) that this library uses. */
import { optional, type Row, type Schema, scalar } from './schema.ts'

export const serverDatabase = {
  name: '_Server',
  tables: {
    Database: {
      name: scalar('string'),
      model: scalar(['standalone', 'clustered', 'relay']),
      connected: scalar('boolean'),
      leader: scalar('boolean'),
      index: optional('integer'),
    },
  },
} as const satisfies Schema

export type DatabaseRow = Row<(typeof serverDatabase)['tables']['Database']>
