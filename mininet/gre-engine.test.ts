/** The second example of docs/engines.md, as an author has it: an Ethernet engine made of what the package exports. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { copyEngine, install, NODE, tsc } from '../test/support/package.ts'
import { DhcpClients } from './dhcp-clients.ts'
import { whyNotHere } from './engine-kit/index.ts'
import { onStage } from './onstage.ts'

const MAX_FILE_MS = 600_000
t.setTimeout(MAX_FILE_MS)

const project = t.testdir({
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      types: ['node'],
    },
    include: ['*.js'],
  }),
})
install(project)
const module = copyEngine(project, 'gre')

t.test('the package has all the types that it needs', async (t) => {
  t.equal(tsc(project, '-p', '.'), '')
})

t.test(
  'its own test runs the kit: the laws, and the rest on real Open vSwitch',
  { timeout: MAX_FILE_MS },
  async (t) => {
    const [env, ...node] = NODE
    const args = [...node, '--test', '--test-reporter=tap', 'gre.test.js']
    const { stdout } = await promisify(execFile)(env, args, { cwd: project }).catch(
      (error: { stdout: string }) => error,
    )
    if (!t.ok(/^# fail 0$/m.test(stdout), 'nothing failed')) t.comment(stdout)
    if (!whyNotHere()) t.ok(/^ +ok \d+ - gre: Open vSwitch is killed and started again/m.test(stdout), 'in the lab')
  },
)

const config = `engines: [vlan, vxlan, geneve, remote-l2, { module: ${JSON.stringify(module)} }]\n`

await onStage('networks over GRE', { hypervisors: 2, config }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const clients = await DhcpClients.in(lab)
  t.teardown(() => clients.close())

  await t.test('they hand out addresses, and the switch answers for those', async (t) => {
    const network = await scene.network('gre', { ipv4: { prefix: '10.9.0.0/24', gateway_ip: '10.9.0.1' } })
    t.equal(network.mtu, 1458)
    const guest = (hypervisor: typeof h1) => scene.station({ hypervisor, network, addresses: [] })
    const [one, two] = [await guest(h1), await guest(h2)]
    const { told } = await clients.udhcpc(one.vm.name, 'mtu')
    t.match(told, { reason: 'bound', ip: one.port?.ip_addresses?.[0], router: '10.9.0.1', mtu: '1458' })
    t.match((await clients.udhcpc(two.vm.name)).told, { ip: two.port?.ip_addresses?.[0] })
    const target = String(two.port?.ip_addresses?.[0])
    const ping = await lab.exec(one.vm.name, 'ping', '-c', '3', '-i', '0.2', target)
    t.equal(ping.code, 0, ping.stdout)
    await lab.exec(two.vm.name, 'ip', 'link', 'set', 'eth0', 'down')
    await lab.exec(one.vm.name, 'ip', 'neigh', 'flush', 'all')
    await lab.exec(one.vm.name, 'ping', '-c', '1', '-W', '1', target)
    const neighbour = (await lab.exec(one.vm.name, 'ip', 'neigh', 'show', target)).stdout
    t.match(neighbour, `lladdr ${two.vnic.mac_address}`)
    for (const each of [one, two]) await scene.remove(each)
  })
})
