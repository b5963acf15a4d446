/** The operations of the core: each finds its objects, runs in the journal, and answers with what the API shows. */
import { inOrder } from '../../topology/graph.ts'
import type { HypervisorId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'
import type { Attributes, Network, Port, Vnic } from '../../topology/model.ts'
import type { Draft, Host } from './draft.ts'
import type { Engine } from './engine/engine.ts'
import type { Caller, Expected, Listed } from './engine/extension.ts'
import type { Committed, Journal } from './journal.ts'
import type { CoreOperations, Made, PortPatch, Settling, VnicRequest } from './operations.ts'
import type { Presenter } from './present.ts'
import type { Confirmation, Standing, Status } from './realisation.ts'
import type { Hypervisors } from './resources/hypervisor.ts'
import { callOff, migrate } from './resources/migration.ts'
import { owned } from './resources/objects.ts'
import { destroyPort, updatePort } from './resources/port.ts'
import { createVnic, destroyVnic, plug, unplug } from './resources/vnic.ts'
import type { FlowsView, HypervisorView, NetworkView, PortView, VnicView } from './views.ts'

export interface CoreContext {
  readonly journal: Journal
  readonly engines: ReadonlyMap<string, Engine>
  readonly status: Status
  readonly present: Presenter
  readonly hypervisors: Hypervisors
  /** Done when every connected switch that the commit concerns has confirmed. */
  readonly confirmationOf: (committed: Committed) => Confirmation
  /** Fires when the controller stops: nobody is kept waiting. */
  readonly stopping: AbortSignal
}

export class Core implements CoreOperations, Host {
  readonly #context: CoreContext

  constructor(context: CoreContext) {
    this.#context = context
  }

  get graph() {
    return this.#context.journal.graph
  }

  get engines(): ReadonlyMap<string, Engine> {
    return this.#context.engines
  }

  async write<T>(operation: (draft: Draft) => T): Promise<T> {
    return (await this.#context.journal.write(operation)).value
  }

  networkView(network: Network): NetworkView {
    return this.#context.present.network(network)
  }

  portView(port: Port): PortView {
    return this.#context.present.port(port)
  }

  *listVnics(project: ProjectId, vmId?: string): Generator<Listed<VnicView>> {
    for (const vnic of inOrder(this.graph.vnicsOfProject.get(project), this.graph.vnics)) {
      if (vmId !== undefined && vnic.vmId !== vmId) continue
      yield { key: vnic.key, view: () => this.#context.present.vnic(vnic) }
    }
  }

  showVnic(project: ProjectId, id: VnicId): VnicView {
    return this.#context.present.vnic(owned(this.graph.vnics.get(id), project, 'VNIC', id))
  }

  async createVnic(
    project: ProjectId,
    kind: string,
    request: VnicRequest,
    attributes: Attributes,
  ): Promise<Made<VnicView>> {
    const { created, vnic } = await this.write((draft) => createVnic(draft, project, kind, request, attributes))
    return { created, view: this.#context.present.vnic(this.graph.vnics.get(vnic.id) ?? vnic) }
  }

  destroyVnic(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return this.#settling(
      (draft) => destroyVnic(draft, project, id, expected),
      (was) => this.#context.present.vnic({ ...was, portId: null }, { status: 'unplugging' }),
      () => this.#vnicNow(id),
      id,
    )
  }

  async plug(project: ProjectId, id: VnicId, port: PortId, expected: Expected): Promise<VnicView> {
    await this.write((draft) => plug(draft, this.engines, project, id, port, expected))
    return this.showVnic(project, id)
  }

  unplug(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return this.#settling(
      (draft) => unplug(draft, project, id, expected),
      () => this.showVnic(project, id),
      () => this.#vnicNow(id),
      id,
    )
  }

  async migrate(project: ProjectId, id: VnicId, to: HypervisorId, expected: Expected): Promise<VnicView> {
    const { hypervisors } = this.#context
    await this.write((draft) => migrate(draft, project, id, { to, left: hypervisors.leftOf(id, to) }, expected))
    return this.showVnic(project, id)
  }

  callOffMigration(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return this.#settling(
      (draft) => callOff(draft, project, id, expected),
      () => this.showVnic(project, id),
      () => this.#vnicNow(id),
    )
  }

  realised(project: ProjectId, id: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView> {
    const passing = ['waiting', 'building', 'unplugging']
    return this.#held(project, id, ({ status }) => !passing.includes(status), milliseconds, signal)
  }

  prepared(project: ProjectId, id: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView> {
    return this.#held(project, id, ({ migration }) => migration?.status !== 'preparing', milliseconds, signal)
  }

  /** The VNIC when its standing is as wanted, or as it is when nobody waits any longer. */
  #held(
    project: ProjectId,
    id: VnicId,
    wanted: (standing: Standing) => boolean,
    milliseconds: number,
    signal?: AbortSignal,
  ): Promise<VnicView> {
    const { status, stopping } = this.#context
    return new Promise((resolve, reject) => {
      const settled = (): boolean => wanted(status.vnic(id))
      const end = () => {
        clearTimeout(timer)
        unwatch()
        stopping.removeEventListener('abort', end)
        signal?.removeEventListener('abort', end)
        try {
          resolve(this.showVnic(project, id))
        } catch (error) {
          reject(error)
        }
      }
      const unwatch = status.watch(id, () => settled() && end())
      const timer = setTimeout(end, milliseconds)
      stopping.addEventListener('abort', end)
      signal?.addEventListener('abort', end)
      if (settled() || stopping.aborted || signal?.aborted) end()
    })
  }

  *listPorts(project: ProjectId): Generator<Listed<PortView>> {
    for (const port of inOrder(this.graph.portsOfProject.get(project), this.graph.ports)) {
      yield { key: port.key, view: () => this.#context.present.port(port) }
    }
  }

  showPort(project: ProjectId, id: PortId): PortView {
    return this.#context.present.port(owned(this.graph.ports.get(id), project, 'port', id))
  }

  updatePort(
    project: ProjectId,
    id: PortId,
    patch: PortPatch,
    expected: Expected,
    caller: Caller,
  ): Promise<Settling<PortView>> {
    return this.#settling(
      (draft) => updatePort(draft, this.engines, project, id, patch, expected, caller),
      () => this.showPort(project, id),
      () => this.#portNow(id),
      patch.admin_state_up === undefined ? undefined : this.graph.attachmentOf(id)?.vnic.id,
    )
  }

  destroyPort(project: ProjectId, id: PortId, expected: Expected): Promise<Settling<PortView>> {
    return this.#settling(
      (draft) => destroyPort(draft, project, id, expected),
      (was) => this.#context.present.port(was),
      () => this.#portNow(id),
    )
  }

  listHypervisors(): Iterable<Listed<Promise<HypervisorView>>> {
    return this.#context.hypervisors.list()
  }

  showHypervisor(id: HypervisorId): Promise<HypervisorView> {
    return this.#context.hypervisors.show(id)
  }

  removeHypervisor(id: HypervisorId): Promise<void> {
    return this.#context.hypervisors.remove(id)
  }

  flows(
    id: HypervisorId,
    filter: { readonly vnicId?: string; readonly portId?: string; readonly networkId?: string },
    actual: boolean,
  ): Promise<FlowsView> {
    return this.#context.hypervisors.flows(id, filter, actual)
  }

  #vnicNow(id: VnicId): VnicView | undefined {
    const vnic: Vnic | undefined = this.graph.vnics.get(id)
    return vnic && this.#context.present.vnic(vnic)
  }

  #portNow(id: PortId): PortView | undefined {
    const port = this.graph.ports.get(id)
    return port && this.#context.present.port(port)
  }

  /**
   * @param subject the VNIC whose earlier changes must be confirmed too: an unplug repeated answers as the first does, and
   * one whose interface went a moment ago answers when the rules that went with it are gone
   */
  async #settling<T, View>(
    operation: (draft: Draft) => T,
    view: (value: T) => View,
    now: () => View | undefined,
    subject?: VnicId,
  ): Promise<Settling<View>> {
    const { value, committed } = await this.#context.journal.write(operation)
    const earlier = subject && this.#context.status.confirmation(subject)
    const confirmations = [this.#context.confirmationOf(committed), ...(earlier ? [earlier] : [])]
    const settled = async (milliseconds: number) => {
      const all = await Promise.all(confirmations.map((each) => this.#confirmed(each, milliseconds)))
      return all.every((done) => done)
    }
    return { view: view(value), now, settled }
  }

  #confirmed(confirmation: Confirmation, milliseconds: number): Promise<boolean> {
    const { stopping } = this.#context
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        stopping.removeEventListener('abort', end)
        resolve(confirmation.done)
      }
      const timer = setTimeout(end, milliseconds)
      stopping.addEventListener('abort', end)
      confirmation.onDone(end)
      if (stopping.aborted) end()
    })
  }
}
