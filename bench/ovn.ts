/** Measures OVN for the same task: a logical switch port with its address and its port security, with `--wait=hv`. */
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { say, type Times, timed } from './figures.ts'
import { Ovs, until } from './ovs.ts'
import { NETWORK } from './plugboard.ts'

const run = promisify(execFile)
const SCHEMAS = '/usr/share/ovn'

export interface OvnTimes {
  /** With the ovn-nbctl command, which uses its daemon. */
  readonly command: Times
  /** With the daemon's own socket, without a process per plug. */
  readonly daemon: Times
}

/** @param already the number of ports bound before @param count the number of measured plugs of each kind */
export async function ovnTimes(already: number, count: number): Promise<OvnTimes> {
  const ovs = await Ovs.start({ 'system-id': 'bench', 'ovn-bridge-datapath-type': 'netdev' })
  try {
    const nbctl = await startOvn(ovs)
    say(`OVN: ${already} ports ...`)
    const ids = Array.from({ length: already + 2 * count }, (_, n) => `port-${n}`)
    for (let n = 0; n < ids.length; n += NETWORK) await nbctl('ls-add', switchOf(n))
    await ovs.addInterfaces(ids)
    for (let from = 0; from < already; from += NETWORK) {
      const some = ids.slice(from, Math.min(from + NETWORK, already))
      await nbctl(...some.flatMap((id, n) => [...(n > 0 ? ['--'] : []), ...addPort(id, from + n)]))
    }
    await nbctl('--wait=hv', 'sync')
    say(`OVN: ${count} plugs, twice ...`)
    const plug = (n: number) => ['--wait=hv', ...addPort(ids[already + n] ?? '', already + n)]
    const command = await timed(count, (n) => nbctl(...plug(n)))
    const daemon = await timed(count, (n) => ask(ovs.at('nbctl.ctl'), plug(count + n)))
    const bound = await run('ovn-sbctl', [
      `--db=unix:${ovs.at('sb.sock')}`,
      '--bare',
      '--columns=up',
      'list',
      'Port_Binding',
    ])
    const up = bound.stdout.split('\n').filter((line) => line === 'true').length
    if (up !== ids.length) throw new Error(`${up} of ${ids.length} ports of OVN are up`)
    return { command, daemon }
  } finally {
    await ovs.stop()
  }
}

type Nbctl = (...args: string[]) => Promise<unknown>

async function startOvn(ovs: Ovs): Promise<Nbctl> {
  for (const side of ['nb', 'sb']) {
    await run('ovsdb-tool', ['create', ovs.at(`${side}.db`), `${SCHEMAS}/ovn-${side}.ovsschema`])
    const places = [`--remote=punix:${ovs.at(`${side}.sock`)}`, `--unixctl=${ovs.at(`${side}.ctl`)}`]
    ovs.daemon('ovsdb-server', ovs.at(`${side}.db`), ...places)
  }
  const [nb, sb] = [`unix:${ovs.at('nb.sock')}`, `unix:${ovs.at('sb.sock')}`]
  await until(() => run('ovn-nbctl', [`--db=${nb}`, 'init']))
  await until(() => run('ovn-sbctl', [`--db=${sb}`, 'init']))
  ovs.daemon('ovn-northd', `--ovnnb-db=${nb}`, `--ovnsb-db=${sb}`, `--unixctl=${ovs.at('northd.ctl')}`)
  const chassis = { 'ovn-remote': sb, 'ovn-encap-type': 'geneve', 'ovn-encap-ip': '127.0.0.1' }
  const ids = Object.entries(chassis).map(([key, value]) => `external_ids:${key}="${value}"`)
  await ovs.vsctl('set', 'Open_vSwitch', '.', ...ids)
  ovs.daemon('ovn-controller', `unix:${ovs.at('db.sock')}`)
  ovs.daemon('ovn-nbctl', `--db=${nb}`, '--detach', '--no-chdir', '--pidfile', `--unixctl=${ovs.at('nbctl.ctl')}`)
  const env = { ...process.env, OVN_NB_DAEMON: ovs.at('nbctl.ctl') }
  const nbctl: Nbctl = (...args) => run('ovn-nbctl', args, { env })
  await until(() => nbctl('show'))
  await until(() => ovs.vsctl('br-exists', 'br-int'))
  return nbctl
}

const switchOf = (n: number): string => `ls-${Math.floor(n / NETWORK)}`

function addPort(id: string, n: number): string[] {
  const octets = [n >> 16, n >> 8, n].map((part) => (part & 0xff).toString(16).padStart(2, '0'))
  const address = `02:00:00:${octets.join(':')}`
  const [set, secure] = [
    ['lsp-set-addresses', id, address],
    ['lsp-set-port-security', id, address],
  ]
  return ['lsp-add', switchOf(n), id, '--', ...set, '--', ...secure]
}

/** Sends a command to the daemon, in its own protocol (JSON-RPC, see ovs-appctl(8)). */
function ask(path: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      text += chunk
      const answer = complete(text)
      if (!answer) return
      socket.destroy()
      if (answer.error) reject(new Error(String(answer.error)))
      else resolve()
    })
    socket.write(JSON.stringify({ id: 0, method: 'run', params: args }))
  })
}

function complete(text: string): { error: unknown } | undefined {
  try {
    return JSON.parse(text) as { error: unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
