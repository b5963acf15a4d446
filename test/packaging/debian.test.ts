/**
 * The Debian package and the container, on a bare system. This file makes the system with mmdebstrap, from the mirror that this
 * machine installs from. So it needs root and that mirror; without them it is skipped. It takes some minutes.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { BareRoot, whyNoRoot } from '../support/bare-root.ts'
import { NotifySocket } from '../support/notify-socket.ts'
import { NODE } from '../support/package.ts'
import { send } from '../support/program.ts'
import { type Instruction, instructionsOf } from './containerfile.ts'

/** Measured on a machine with six times the work that it can do: ten minutes. */
t.setTimeout(840_000)

const ROOT = join(import.meta.dirname, '../..')
const CONFIG = '/etc/plugboard/plugboard.yaml'
const UNIT = '/usr/lib/systemd/system/plugboard.service'
const VNICS = '/v1/projects/p1/vnics'
const skip = whyNoRoot() ?? false
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }

/** Makes the package. @returns its path */
function makePackage(directory: string): string {
  const [command, ...args] = NODE
  execFileSync(command, [...args, join(ROOT, 'scripts/package.ts'), '--to', directory], { cwd: ROOT, stdio: 'ignore' })
  const [name = ''] = globSync('plugboard_*.deb', { cwd: directory })
  return join(directory, name)
}

/** The same package with a later version number, and another shipped configuration. @returns its path */
function makeLater(file: string, directory: string): string {
  const unpacked = join(directory, 'unpacked')
  execFileSync('dpkg-deb', ['--raw-extract', file, unpacked])
  const change = (path: string, from: string, to: string) => {
    const before = readFileSync(join(unpacked, path), 'utf8')
    if (!before.includes(from)) throw new Error(`${path} lacks ${from}`)
    writeFileSync(join(unpacked, path), before.replace(from, to))
  }
  change('DEBIAN/control', `Version: ${version}`, 'Version: 999.0.0')
  change('usr/lib/plugboard/package.json', `"version": "${version}"`, '"version": "999.0.0"')
  change('etc/plugboard/plugboard.yaml', 'level: info', 'level: warn')
  const later = join(directory, 'later.deb')
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '--build', unpacked, later], { stdio: 'ignore' })
  return later
}

/** A setting of the unit. */
const settingOf = (root: BareRoot, name: string): string =>
  new RegExp(`^${name}=(.+)$`, 'm').exec(root.read(UNIT))?.[1] ?? `there is no ${name}`

/** Starts the service as systemd does. */
async function startService(t: Test, root: BareRoot) {
  const path = `/run/notify-${Math.random().toString(36).slice(2)}`
  const socket = await NotifySocket.open(t, root.at(path))
  const child = root.start(t, settingOf(root, 'ExecStart').split(' '), {
    user: settingOf(root, 'User'),
    env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '600000' },
  })
  const output = child.stdout ? text(child.stdout) : ''
  const errors = child.stderr ? text(child.stderr) : ''
  const ended = once(child, 'close')
  const url = async () => {
    const early = ended.then(async ([code]) => {
      throw new Error(`it ended with ${code}: ${await output}${await errors}`)
    })
    await Promise.race([socket.hears('READY=1'), early])
    const status = socket.told.find((each) => each.startsWith('STATUS=the API listens on '))
    return `http://${status?.split(' ').at(-1)}`
  }
  const stop = async () => {
    child.kill('SIGTERM')
    const [code] = await ended
    return code
  }
  return { socket, url, stop }
}

/** Ports that are free on this machine, as an operator would configure others. */
function configure(root: BareRoot): string {
  const changed = root.read(CONFIG).replaceAll(/(listen: .*):\d+$/gm, '$1:0')
  writeFileSync(root.at(CONFIG), changed)
  return changed
}

t.test('the package on a bare system', { skip }, async (t) => {
  const directory = t.testdir()
  const file = makePackage(directory)
  const root = BareRoot.make(t)
  let configured = ''
  let vnic = ''

  await t.test('B154 the steps of the Containerfile make a system on which its entry point serves', async (t) => {
    const { stages, entryPoint, user } = buildContainer(t, root, file)
    const image = stages.at(-1)
    if (!image) throw new RangeError('the Containerfile has a stage')
    configure(image)
    const child = image.start(t, entryPoint, { user })
    const ended = once(child, 'close')
    let log = ''
    child.stdout?.on('data', (chunk) => (log += chunk))
    while (!log.includes('plugboard is ready')) {
      const [chunk] = await Promise.race([once(child.stdout ?? process.stdout, 'data'), ended])
      if (typeof chunk === 'number') throw new Error(`it ended with ${chunk}: ${log}`)
    }
    const line = log.split('\n').find((each) => each.includes('plugboard is ready')) ?? '{}'
    const { http, store } = JSON.parse(line) as { readonly http: string; readonly store: string }
    t.equal(store, '/var/lib/plugboard')
    t.equal((await send(`http://${http}/readyz`, 'GET')).status, 200)
    child.kill('SIGTERM')
    t.equal((await ended)[0], 0)
  })

  await t.test('B152 apt installs it with all that it needs, and its ExecStart serves', async (t) => {
    root.place(file, '/tmp/plugboard.deb')
    root.install('/tmp/plugboard.deb')
    t.equal(root.run(['plugboard', '--version']).trim(), version)
    t.match(root.run(['/usr/lib/plugboard/bin/node', '--version']), /^v24\./)
    t.equal(root.run(['stat', '-c', '%U:%G %a', '/var/lib/plugboard']).trim(), 'plugboard:plugboard 750')
    t.equal(root.run(['systemctl', 'is-enabled', 'plugboard']).trim(), 'enabled')
    configured = configure(root)
    const service = await startService(t, root)
    const url = await service.url()
    t.equal((await send(`${url}/readyz`, 'GET')).status, 200)
    const made = await send<{ id: string }>(`${url}${VNICS}`, 'POST', { name: 'eth0' })
    t.equal(made.status, 201)
    vnic = made.body.id
    const { body } = await send<{ info: { version: string } }>(`${url}/v1/openapi.json`, 'GET')
    t.equal(body.info.version, version)
    await service.socket.hears('WATCHDOG=1', 3)
    t.match(root.run(['plugboard', 'store', 'dump']), vnic, 'the command uses the store of the service')
    t.equal(await service.stop(), 0)
    await service.socket.hears('STOPPING=1')
  })

  await t.test('B153 an upgrade keeps the configuration and the store', async (t) => {
    root.place(makeLater(file, directory), '/tmp/later.deb')
    root.install('/tmp/later.deb', '-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold')
    t.equal(root.run(['plugboard', '--version']).trim(), '999.0.0')
    t.equal(root.read(CONFIG), configured)
    t.match(root.read(`${CONFIG}.dpkg-dist`), 'level: warn', 'the new one is beside it')
    const service = await startService(t, root)
    t.match(await send(`${await service.url()}${VNICS}/${vnic}`, 'GET'), { status: 200, body: { name: 'eth0' } })
    t.equal(await service.stop(), 0)
  })

  await t.test('B153 the store stays, also after a purge', async (t) => {
    const before = root.run(['find', '/var/lib/plugboard', '-type', 'f'])
    t.match(before, 'data.mdb')
    root.run(['apt-get', 'purge', '--yes', 'plugboard'], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
    t.equal(root.run(['find', '/var/lib/plugboard', '-type', 'f']), before)
    t.notMatch(root.run(['ls', '/etc', '/usr/lib', '/usr/bin']), 'plugboard', 'nothing else does')
  })
})

/** Does what the Containerfile says, with copies of a bare system in place of the image of Debian. */
function buildContainer(t: Test, bare: BareRoot, file: string) {
  const stages: BareRoot[] = []
  const names = new Map<string, BareRoot>()
  let entryPoint: readonly string[] = []
  let user = 'root'
  const copy = (root: BareRoot, { from, words: [source = '', target = ''] }: Instruction) => {
    mkdirSync(root.at(target), { recursive: true })
    if (from === undefined) root.place(file, join(target, 'plugboard_1_any.deb'))
    else root.place((names.get(from) ?? root).at(source), target)
  }
  for (const instruction of instructionsOf(readFileSync(join(ROOT, 'Containerfile'), 'utf8'))) {
    const { name, words, alias } = instruction
    if (name === 'FROM') {
      stages.push(bare.copy(t))
      user = 'root'
    }
    const root = stages.at(-1) ?? bare
    if (alias !== undefined) names.set(alias, root)
    if (name === 'COPY') copy(root, instruction)
    if (name === 'RUN') root.run(['sh', '-c', words.join(' ')])
    if (name === 'USER') user = words[0] ?? ''
    if (name === 'ENTRYPOINT') entryPoint = JSON.parse(words.join(' ')) as string[]
  }
  return { stages, entryPoint, user }
}

/** What the sandbox leaves open. The unit says why. */
const OPEN = [
  'DeviceAllow',
  'IPAddressDeny',
  'MemoryDenyWriteExecute',
  'NotifyAccess',
  'PrivateNetwork',
  'RestrictAddressFamilies_AF_INET_INET6',
  'RestrictAddressFamilies_AF_NETLINK',
  'RestrictAddressFamilies_AF_UNIX',
  'RootDirectoryOrRootImage',
]

const unjudged = spawnSync('systemd-analyze', ['--version']).error !== undefined && 'needs systemd-analyze'

t.test('B155 the unit is sandboxed, but for what it says it needs', { skip: unjudged }, async (t) => {
  const unit = join(ROOT, 'packaging/plugboard.service')
  const judge = (...more: string[]) =>
    spawnSync('systemd-analyze', ['security', '--offline=true', ...more, unit], { encoding: 'utf8' })
  const { status, stdout } = judge('--threshold=20')
  t.equal(status, 0, stdout.trimEnd().split('\n').at(-1) ?? 'it says nothing')
  const found = JSON.parse(judge('--json=short').stdout) as ReadonlyArray<{
    json_field: string
    exposure: string | null
  }>
  const open = found.filter(({ exposure }) => Number(exposure) > 0).map(({ json_field }) => json_field)
  t.same(open.toSorted(), OPEN)
})
