/** Measures the first snapshot of a large database, with our replica and with `ovsdb-client monitor` of the same columns, in turns. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Connection, connect, namedUuid, openVSwitch, operations, replicate } from '../src/ovsdb/index.ts'
import { say, timesOf } from './figures.ts'
import { until } from './ovs.ts'

const run = promisify(execFile)
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

export interface MonitorTimes {
  readonly interfaces: number
  /** Medians, in milliseconds. */
  readonly ours: number
  readonly theirs: number
}

const COLUMNS = Object.keys(openVSwitch.tables.Interface) as Array<keyof typeof openVSwitch.tables.Interface>

/** The most interfaces that one transaction adds. */
const MAX_BATCH_INTERFACES = 1000

/**
 * @param interfaces the number of interfaces in the database
 * @param rounds the number of measurements of each
 */
export async function monitorTimes(interfaces: number, rounds: number): Promise<MonitorTimes> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-bench-'))
  const path = join(directory, 'db.sock')
  await run('ovsdb-tool', ['create', join(directory, 'conf.db'), SCHEMA])
  // Runs without ovs-vswitchd, which would create the interfaces.
  const server = spawn('ovsdb-server', ['conf.db', `--remote=punix:${path}`, `--unixctl=${join(directory, 'ctl')}`], {
    cwd: directory,
    stdio: 'ignore',
  })
  try {
    await until(() => run('ovs-vsctl', [`--db=unix:${path}`, '--no-wait', 'init']))
    say(`${interfaces} interfaces ...`)
    const connection = await connect({ path })
    await fill(connection, interfaces)
    connection.close()
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 1; round <= rounds; round++) {
      say(`the first snapshot, round ${round} of ${rounds} ...`)
      ours.push(await timedOnce(() => readOurs(path, interfaces)))
      theirs.push(await timedOnce(() => readTheirs(path, interfaces)))
    }
    return { interfaces, ours: timesOf(ours).p50, theirs: timesOf(theirs).p50 }
  } finally {
    server.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

async function fill(connection: Connection, interfaces: number): Promise<void> {
  const { insert, mutate } = operations(openVSwitch)
  const db = openVSwitch.name
  const bridges = new Set([namedUuid('b')])
  await connection.transact(db, [
    insert('Bridge', { name: 'br-int' }, { as: 'b' }),
    mutate('Open_vSwitch', [], [['bridges', 'insert', bridges]]),
  ])
  for (let from = 0; from < interfaces; from += MAX_BATCH_INTERFACES) {
    const numbers = Array.from(
      { length: Math.min(MAX_BATCH_INTERFACES, interfaces - from) },
      (_, index) => from + index,
    )
    const rows = numbers.flatMap((n) => [
      insert('Interface', interfaceRow(n), { as: `i${n}` }),
      insert('Port', { name: `tap${n}`, interfaces: new Set([namedUuid(`i${n}`)]) }, { as: `p${n}` }),
    ])
    const ports = new Set(numbers.map((n) => namedUuid(`p${n}`)))
    await connection.transact(db, [...rows, mutate('Bridge', [], [['ports', 'insert', ports]])])
  }
}

/** A row as a switch has it for a plugged VM. */
const interfaceRow = (n: number) => ({
  name: `tap${n}`,
  type: 'tap',
  external_ids: new Map([
    ['iface-id', `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`],
    ['attached-mac', '02:00:00:00:00:01'],
  ]),
  mac_in_use: '02:00:00:00:00:01',
  mtu: 1500,
  ofport: (n % 60_000) + 1,
  admin_state: 'up' as const,
  link_state: 'up' as const,
})

const timedOnce = async (work: () => Promise<void>): Promise<number> => {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function readOurs(path: string, interfaces: number): Promise<void> {
  const connection = await connect({ path })
  const { tables } = await replicate(connection, openVSwitch, { Interface: COLUMNS })
  if (tables.Interface.size !== interfaces) throw new Error(`the replica has ${tables.Interface.size} interfaces`)
  connection.close()
}

/** Reads the output of ovsdb-client, one line per row. CSV is its fastest format. */
async function readTheirs(path: string, interfaces: number): Promise<void> {
  const args = ['--format=csv', 'monitor', `unix:${path}`, openVSwitch.name, 'Interface', COLUMNS.join(',')]
  const client = spawn('ovsdb-client', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(client, 'exit')
  let rows = 0
  for await (const chunk of client.stdout) {
    rows += linesIn(chunk)
    if (rows > interfaces) break
  }
  client.kill('SIGKILL')
  await exit
  if (rows <= interfaces) throw new Error(`ovsdb-client printed ${rows} lines`)
}

const linesIn = (chunk: Buffer): number => {
  let lines = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}
