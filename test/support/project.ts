/** A project over HTTP: creates networks, ports and VNICs, and simulates the reports of hypervisors about them. */
import { type ApiOptions, apiOn } from './api.ts'
import { seeHypervisor, seeInterface, switchesOf } from './seen.ts'

export const RED = '/projects/red'
export const WAIT = { prefer: 'wait=5' }

type Test = Parameters<typeof apiOn>[0]
type Fields = Readonly<Record<string, unknown>>

export async function projectOn(t: Test, options: ApiOptions = {}) {
  const api = await apiOn(t, options)
  const { call, controller } = api
  /** @returns the id of the new object */
  const make = async (path: string, fields: Fields): Promise<string> => {
    const { status, body } = await call('POST', path, fields)
    if (status !== 201) throw new Error(`${path}: ${JSON.stringify(body)}`)
    return String(body.id)
  }
  const network = (fields: Fields = {}) => make(`${RED}/networks`, fields)
  return {
    ...api,
    network,
    /** @param of the id of the network; default: a new network */
    port: async (of?: string, fields: Fields = {}) => make(`${RED}/networks/${of ?? (await network())}/ports`, fields),
    vnic: (fields: Fields = {}) => make(`${RED}/vnics`, fields),
    /** @param prefer leave it out for a VNIC without an interface, so that the request does not wait */
    plug: (vnic: string, port: string, prefer: Record<string, string> = WAIT) =>
      call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: port }, prefer),
    showPort: async (id: string) => (await call('GET', `${RED}/ports/${id}`)).body,
    patchPort: (id: string, fields: Fields) => call('PATCH', `${RED}/ports/${id}`, fields),
    host: (n: number, extra?: Parameters<typeof seeHypervisor>[2]) => seeHypervisor(controller, n, extra),
    bind: (vnic: string, n: number, ofport?: number | null) => seeInterface(controller, vnic, n, ofport),
  }
}

/** The same with hypervisors 0, 1, …. The first `connected` of them have a switch. */
export async function busyProjectOn(t: Test, hypervisors: number, connected: number, options: ApiOptions = {}) {
  const project = await projectOn(t, options)
  const connect = await switchesOf(t, project.controller)
  for (let n = 0; n < hypervisors; n++) await project.host(n)
  const switches = await Promise.all(Array.from({ length: connected }, (_, n) => connect(n)))
  return { ...project, switches }
}
