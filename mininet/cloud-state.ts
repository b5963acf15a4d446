/** The state of a cloud as its API shows it, and waits for a state. */
import type { Api, HypervisorState } from './api.ts'
import type { Vnic } from './compute.ts'
import type { Hypervisor } from './hypervisor.ts'
import { isLearned } from './learned-rules.ts'
import { until } from './until.ts'

/** The project of all tests. */
export const project = 'tests'

export class CloudState {
  readonly api: Api
  readonly hypervisors: readonly Hypervisor[]
  #marks = 0

  constructor(api: Api, hypervisors: readonly Hypervisor[]) {
    this.api = api
    this.hypervisors = hypervisors
  }

  /** Waits until this number of hypervisors has both connections. */
  async connected(count = this.hypervisors.length): Promise<void> {
    await until(`${count} hypervisors to be connected`, async () => {
      const hosts = await this.api.hypervisors()
      return hosts.filter((host) => host.openflow_connected && host.ovsdb_connected).length === count
    })
  }

  show(vnicId: string): Promise<Vnic> {
    return this.api.must('GET', `/v1/projects/${project}/vnics/${vnicId}`)
  }

  /** Waits for a status of a VNIC. */
  async vnicIs(vnicId: string, status: Vnic['status']): Promise<Vnic> {
    return await until(`VNIC ${vnicId} to be ${status}`, async () => {
      const vnic = await this.show(vnicId)
      return vnic.status === status && vnic
    })
  }

  /** Waits for a binding of a VNIC; null: no binding. */
  async boundTo(vnicId: string, place: { hypervisor: string; interface: string } | null): Promise<Vnic> {
    return await until(`VNIC ${vnicId} to be bound to ${JSON.stringify(place)}`, async () => {
      const vnic = await this.show(vnicId)
      return vnic.binding?.hypervisor === place?.hypervisor && vnic.binding?.interface === place?.interface && vnic
    })
  }

  /** Waits until the interface of a migrating VNIC waits at the target, and the rules for it are there. */
  async waitsAt(vnicId: string, { hypervisor, interface: name }: { hypervisor: string; interface: string }) {
    return await until(`VNIC ${vnicId} to wait at ${hypervisor}`, async () => {
      const vnic = await this.show(vnicId)
      const { migration } = vnic
      return (
        migration?.hypervisor === hypervisor && migration.interface === name && migration.status === 'prepared' && vnic
      )
    })
  }

  hypervisor(id: string): Promise<HypervisorState> {
    return this.api.must('GET', `/v1/hypervisors/${id}`)
  }

  /** Waits until a hypervisor has a condition, or no longer has it. */
  async condition(id: string, code: string, present = true): Promise<void> {
    await until(`${id} ${present ? 'to have' : 'to be without'} condition ${code}`, async () => {
      return (await this.hypervisor(id)).conditions.some((condition) => condition.code === code) === present
    })
  }

  /**
   * Waits until the controller has seen all changes of this host's database so far. Changes arrive in order, so the method makes one
   * more change and waits for it.
   */
  async seen(host: Hypervisor): Promise<void> {
    const hostname = `mark-${++this.#marks}`
    await host.setExternalIds({ hostname })
    await until(`the controller to see ${host.id}`, async () => (await this.hypervisor(host.id)).hostname === hostname)
  }

  /** Waits until a switch has exactly the desired rules, apart from learned ones. */
  async compared({ id }: Hypervisor): Promise<void> {
    await until(`the rules of ${id}`, async () => {
      const path = `/v1/hypervisors/${id}/flows?actual=true`
      const { missing, extra } = await this.api.must<{ missing: unknown[]; extra: { flow: string }[] }>('GET', path)
      return missing.length === 0 && extra.every(({ flow }) => isLearned(flow))
    })
  }
}
