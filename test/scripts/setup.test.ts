/** setup.sh on a simulated machine, which says which commands exist, who the user is, and what the commands do. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const setup = join(import.meta.dirname, '../../scripts/setup.sh')

/** The commands that setup.sh itself needs. */
const basic = ['sh', 'cat', 'sort', 'tr', 'touch', 'chmod', 'rm']
/** Tools of the tests. The demo also needs udhcpc, and the benchmark iperf3. */
const own = [
  'tshark',
  'iperf3',
  'dhclient',
  'udhcpc',
  'nginx',
  'keepalived',
  'mmdebstrap',
  'systemd-analyze',
  'systemd-notify',
]
const tools = ['ovs-vswitchd', 'ovs-ofctl', 'mnexec', 'ip', 'ping', 'ethtool', 'sysctl', 'unshare', ...own]

const where = (name: string) => execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()

interface Machine {
  /** The commands that exist, in addition to the basic ones. */
  readonly has: readonly string[]
  readonly user: number
  /** When npm ci last ran, in seconds after the last change of package-lock.json; absent: never. */
  readonly installed?: number
}

interface Outcome {
  readonly printed: string
  readonly calls: readonly string[]
}

function run(directory: string, { has, user, installed }: Machine, setting = ''): Outcome {
  rmSync(directory, { recursive: true, force: true })
  const [bin, calls] = [join(directory, 'bin'), join(directory, 'calls')]
  mkdirSync(join(directory, 'node_modules'), { recursive: true })
  mkdirSync(bin)
  writeFileSync(calls, '')
  const fake = (name: string, body: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  for (const name of basic) symlinkSync(where(name), join(bin, name))
  for (const name of has) fake(name, 'exit 0')
  fake('id', `echo ${user}`)
  fake('npm', `echo npm "$@" >>${calls}; : >node_modules/.package-lock.json`)
  fake('apt-get', `echo apt-get "$@" >>${calls}`)
  writeFileSync(join(directory, 'package-lock.json'), '')
  utimesSync(join(directory, 'package-lock.json'), 1000, 1000)
  if (installed !== undefined) {
    const mark = join(directory, 'node_modules/.package-lock.json')
    writeFileSync(mark, '')
    utimesSync(mark, 1000 + installed, 1000 + installed)
  }
  // setup.sh also searches the directories of the real tools, so the simulated machine must hide them.
  const hidden = readFileSync(setup, 'utf8')
    .replaceAll(':/usr/sbin:/sbin', '')
    .replaceAll(/\/usr\/(bin|lib)[^\s']*/g, '/')
  writeFileSync(join(directory, 'setup.sh'), hidden)
  const script = `${setting} . ./setup.sh; for run in first second; do setup_packages 2>&1; setup_modules 2>&1; done`
  const printed = execFileSync('/bin/sh', ['-euc', script], { cwd: directory, env: { PATH: bin }, encoding: 'utf8' })
  return { printed, calls: readFileSync(calls, 'utf8').split('\n').filter(Boolean) }
}

t.test('if nothing is missing, it does nothing and prints nothing', async (t) => {
  const outcome = run(t.testdir(), { has: tools, user: 0, installed: 5 })
  t.same(outcome, { printed: '', calls: [] })
})

t.test('npm ci runs once where it never ran, and where package-lock.json is newer', async (t) => {
  for (const installed of [undefined, -5]) {
    const outcome = run(t.testdir(), { has: tools, user: 0, ...(installed === undefined ? {} : { installed }) })
    t.same(outcome, { printed: 'setup: npm ci\n', calls: ['npm ci --include=dev --no-audit --no-fund'] })
  }
})

t.test('npm ci does not run if node_modules is a link to another checkout', async (t) => {
  const directory = t.testdir({ elsewhere: {}, checkout: { 'package-lock.json': '' } })
  symlinkSync(join(directory, 'elsewhere'), join(directory, 'checkout/node_modules'))
  const script = `npm() { echo npm was run; }; . ${setup}; setup_modules`
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', script], {
    cwd: join(directory, 'checkout'),
    encoding: 'utf8',
  })
  t.match({ status, stdout, stderr }, { status: 1, stdout: '', stderr: /node_modules is a symbolic link/ })
})

t.test('without root, it prints what to install, and tries nothing', async (t) => {
  const { printed, calls } = run(t.testdir(), { has: ['ip', 'ping'], user: 1000, installed: 5 })
  t.match(
    printed,
    'as root: apt-get install --no-install-recommends ethtool iperf3 isc-dhcp-client keepalived mininet mmdebstrap nginx openvswitch-common openvswitch-switch',
  )
  t.notMatch(printed, 'iputils-ping')
  t.same(calls, [])
})

t.test('tshark is for the tests only, a DHCP client for the demo too, OVN for the benchmark', async (t) => {
  const has = tools.filter((name) => !own.includes(name))
  const told = (setting: string) => run(t.testdir(), { has, user: 1000, installed: 5 }, setting).printed
  t.match(told(''), 'iperf3 isc-dhcp-client keepalived mmdebstrap nginx systemd tshark udhcpc')
  t.notMatch(told(''), 'ovn-')
  t.match(told('PLUGBOARD_SETUP=demo;'), '--no-install-recommends udhcpc \n')
  t.match(told('PLUGBOARD_SETUP=bench;'), 'iperf3 ovn-central ovn-common ovn-host')
  t.notMatch(told('PLUGBOARD_SETUP=bench;'), 'tshark')
})
