/** Measures Plugboard through its API: from a plug to `active`, on one real hypervisor. Also measures the lower bound. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../src/openflow/index.ts'
import { say, type Times, timed } from './figures.ts'
import { Ovs, until } from './ovs.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
/** The number of VNICs in each network. */
export const NETWORK = 50
/** The number of concurrent requests that plug the VNICs which are not measured. */
const WORKERS = 8

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

class Api {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = request({ agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path: `/v1${path}` })
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value)
    if (body) sent.setHeader('content-type', 'application/json')
    sent.end(body && JSON.stringify(body))
    const [response] = await once(sent, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    const answer = { status: response.statusCode, body: text === '' ? {} : JSON.parse(text) }
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${text}`)
    return answer
  }

  close(): void {
    this.#agent.destroy()
  }
}

export interface PlugTimes {
  readonly plug: Times
  /** The lower bound: one flow_mod and a barrier on an open connection to the same bridge. */
  readonly floor: Times
}

/** @param already the number of VNICs plugged before @param count the number of measured plugs */
export async function plugTimes(already: number, count: number): Promise<PlugTimes> {
  const ovs = await Ovs.start({
    'system-id': 'bench',
    hostname: 'bench',
    'plugboard-bridge-mappings': 'physnet1:br-eth1',
    'plugboard-datapath-type': 'netdev',
  })
  try {
    await ovs.vsctl('add-br', 'br-eth1', '--', 'set', 'Bridge', 'br-eth1', 'datapath_type=netdev')
    const controller = await startController(ovs)
    const api = new Api(controller.http)
    await ovs.vsctl('set-manager', `tcp:127.0.0.1:${controller.ovsdb}`)
    await until(async () => {
      const { hypervisors } = (await api.call('GET', '/hypervisors')).body as {
        hypervisors: Array<{ openflow_connected: boolean }>
      }
      if (!hypervisors[0]?.openflow_connected) throw new Error('the hypervisor has not joined')
    })
    say(`Plugboard: ${already} VNICs ...`)
    const vnics = await furnish(api, already + count)
    await ovs.addInterfaces(vnics.map(({ vnic }) => vnic))
    const [before, measured] = [vnics.slice(0, already), vnics.slice(already)]
    await inParallel(before, ({ vnic, port }) => plugged(api, vnic, port))
    for (const { vnic } of measured) await until(() => bound(api, vnic))
    say(`Plugboard: ${count} plugs ...`)
    const plug = await timed(count, async (n) => {
      const { vnic, port } = measured[n] ?? { vnic: '', port: '' }
      await plugged(api, vnic, port)
    })
    api.close()
    controller.process.kill()
    await once(controller.process, 'exit')
    return { plug, floor: await floorTimes(ovs, count) }
  } finally {
    await ovs.stop()
  }
}

interface Running {
  readonly process: ChildProcess
  readonly http: number
  readonly ovsdb: number
}

/** Starts the controller, with its store on the disk of this machine and the default log level. */
async function startController(ovs: Ovs): Promise<Running> {
  const anyPort = ['--http-listen', '127.0.0.1:0', '--openflow-listen', '127.0.0.1:0', '--ovsdb-listen', '127.0.0.1:0']
  // All objects belong to one project.
  const quotas = ['--quotas-networks', '100000', '--quotas-ports', '1000000', '--quotas-vnics', '1000000']
  const child = spawn(process.execPath, [MAIN, ...anyPort, ...quotas, '--store-path', ovs.at('store')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const { msg, http, ovsdb } = JSON.parse(line) as { msg: string; http?: string; ovsdb?: string }
    if (msg !== 'plugboard is ready') continue
    child.stdout.resume()
    const portOf = (address = '') => Number(address.slice(address.lastIndexOf(':') + 1))
    return { process: child, http: portOf(http), ovsdb: portOf(ovsdb) }
  }
  throw new Error('the controller did not start')
}

/** Creates networks of fifty, each with ports and VNICs. */
async function furnish(api: Api, count: number): Promise<Array<{ vnic: string; port: string }>> {
  const networks: string[] = []
  for (let n = 0; n < count; n += NETWORK) {
    networks.push(String((await api.call('POST', '/projects/bench/networks', {})).body.id))
  }
  const made: Array<{ vnic: string; port: string }> = []
  for (let n = 0; n < count; n++) {
    const network = networks[Math.floor(n / NETWORK)]
    const port = String((await api.call('POST', `/projects/bench/networks/${network}/ports`, {})).body.id)
    made.push({ port, vnic: String((await api.call('POST', '/projects/bench/vnics', {})).body.id) })
  }
  return made
}

async function plugged(api: Api, vnic: string, port: string): Promise<void> {
  const path = `/projects/bench/vnics/${vnic}/port`
  const { status, body } = await api.call('PUT', path, { port_id: port }, { prefer: 'wait=60' })
  if (status !== 200) throw new Error(`VNIC ${vnic} is ${body.status}, not active: ${body.status_detail}`)
}

async function bound(api: Api, vnic: string): Promise<void> {
  const { binding } = (await api.call('GET', `/projects/bench/vnics/${vnic}`)).body
  if (!(binding as { ofport?: number } | null)?.ofport) throw new Error(`VNIC ${vnic} is not bound`)
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.pop(); item; item = left.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
}

async function floorTimes(ovs: Ovs, count: number): Promise<Times> {
  const session = await connect({ path: ovs.at('br-int.mgmt') })
  try {
    return await timed(count, async (n) => {
      session.send({
        type: 'flow_mod',
        command: 'add',
        table: 100,
        priority: 1,
        match: [{ field: 'in_port', value: n + 1 }],
        instructions: [{ type: 'apply_actions', actions: [{ type: 'output', port: n + 2 }] }],
      })
      await session.barrier()
    })
  } finally {
    session.close('measured')
  }
}
