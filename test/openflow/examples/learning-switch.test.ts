/** The example learning-switch.ts with real Open vSwitch and three hosts in a network namespace. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { noOvs, Ovs, until } from '../support/ovs.ts'

const run = promisify(execFile)
const EXAMPLE = fileURLToPath(new URL('../../../src/openflow/examples/learning-switch.ts', import.meta.url))
const HOSTS = [1, 2, 3]

t.test(
  'the learning switch: hosts reach each other, and after that without the controller',
  { skip: noOvs },
  async (t) => {
    const ovs = await Ovs.start(t)
    const inside = (...command: string[]) => run('nsenter', [`--net=/proc/${ovs.pid}/ns/net`, ...command])
    await inside('ip', 'link', 'set', 'lo', 'up')
    const hosts = HOSTS.map(() => spawn('unshare', ['--net', '--kill-child', 'sleep', 'infinity'], { stdio: 'ignore' }))
    t.teardown(() => void hosts.map((host) => host.kill('SIGKILL')))
    for (const [index, host] of hosts.entries()) {
      const name = `h${index + 1}`
      const on = (...command: string[]) => run('nsenter', [`--net=/proc/${pidOf(host)}/ns/net`, ...command])
      await until(() => on('ip', 'link', 'set', 'lo', 'up'))
      await inside('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pidOf(host)))
      await inside('ip', 'link', 'set', name, 'up')
      await on('ip', 'addr', 'add', `10.0.0.${index + 1}/24`, 'dev', 'eth0')
      await on('ip', 'link', 'set', 'eth0', 'up')
      await ovs.vsctl('add-port', 'br0', name)
    }
    const example = spawn('nsenter', [`--net=/proc/${ovs.pid}/ns/net`, process.execPath, EXAMPLE, '16653'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => void example.kill('SIGKILL'))
    const [said] = await once(example.stdout, 'data')
    t.match(String(said), /waiting for switches on port 16653/)
    await ovs.vsctl('set-fail-mode', 'br0', 'secure', '--', 'set-controller', 'br0', 'tcp:127.0.0.1:16653')
    const ping = (from: number, to: number) =>
      run('nsenter', [`--net=/proc/${pidOf(hosts[from - 1])}/ns/net`, 'ping', '-c1', '-W1', `10.0.0.${to}`])
    await until(() => ping(1, 2))
    for (const from of HOSTS) for (const to of HOSTS) if (from !== to) await until(() => ping(from, to))
    await until(async () => {
      const rules = await ovs.dump()
      if (rules.filter((rule) => /priority=1,/.test(rule)).length < 6)
        throw new Error(`learned so far: ${rules.join('\n')}`)
    })
    example.kill('SIGKILL')
    await t.resolves(ping(1, 3), 'what was learned stays without the controller')
  },
)

const pidOf = (child: { readonly pid?: number | undefined } | undefined): number => child?.pid ?? 0
