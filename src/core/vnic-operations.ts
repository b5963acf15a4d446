/** The operations on VNICs and on their migrations. */
import { inOrder } from '../../topology/graph.ts'
import type { HypervisorId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'
import type { Caller } from './caller.ts'
import type { Draft } from './draft.ts'
import type { OperationsContext } from './operations.ts'
import type { Body } from './resources/field-table.ts'
import { callOff, type MigrationRequest, migrate } from './resources/migration.ts'
import { type Expected, owned } from './resources/objects.ts'
import { createVnic, destroyVnic, plug, unplug, updateVnic } from './resources/vnic.ts'
import { type Made, type Settling, settling } from './settling.ts'
import type { Standing } from './standing.ts'
import type { Listed, VnicView } from './views.ts'
import { waitUntil } from './waiting.ts'

/** Statuses that change without a request, as soon as the switches have confirmed. */
const PASSING = ['waiting', 'building', 'unplugging']

export class VnicOperations {
  readonly #context: OperationsContext

  constructor(context: OperationsContext) {
    this.#context = context
  }

  /** Lists the VNICs in the order of creation. @param vmId selects the VNICs of one VM */
  *list(project: ProjectId, vmId?: string): Generator<Listed<VnicView>> {
    const { journal, present } = this.#context
    for (const vnic of inOrder(journal.graph.vnicsOfProject.get(project), journal.graph.vnics)) {
      if (vmId !== undefined && vnic.vmId !== vmId) continue
      yield { key: vnic.key, view: () => present.vnic(vnic) }
    }
  }

  /** @throws PlugboardError `not-found` */
  show(project: ProjectId, id: VnicId): VnicView {
    const { journal, present } = this.#context
    return present.vnic(owned(journal.graph.vnics.get(id), project, 'VNIC', id))
  }

  /** Creates a VNIC, which is in no port yet. @throws PlugboardError */
  async create(project: ProjectId, request: Body, caller: Caller): Promise<Made<VnicView>> {
    const { journal, hosts, present } = this.#context
    const operation = (draft: Draft) => createVnic(draft, this.#context, project, request, caller)
    // An interface with a chosen id may be there already, on a hypervisor that must not have a pinned VNIC.
    const isPinned = request.id !== undefined && Boolean(request.requested_hypervisor)
    const { value } = await (isPinned ? hosts.settle(request.id as VnicId, operation) : journal.write(operation))
    const { created, vnic } = value
    return { created, view: present.vnic(journal.graph.vnics.get(vnic.id) ?? vnic) }
  }

  /** Changes a VNIC. A hypervisor that must not have it any more loses it. @throws PlugboardError */
  update(project: ProjectId, id: VnicId, patch: Body, expected: Expected, caller: Caller): Promise<Settling<VnicView>> {
    const { hosts } = this.#context
    const journal = { write: <T>(operation: (draft: Draft) => T) => hosts.settle(id, operation) }
    const update = (draft: Draft) => updateVnic(draft, this.#context, project, id, patch, expected, caller)
    return settling({ ...this.#context, journal }, update, {
      view: () => this.show(project, id),
      now: () => this.#now(id),
      vnic: patch.requested_hypervisor === undefined ? undefined : id,
    })
  }

  /** Destroys a VNIC. If it is in a port, it is unplugged first. @throws PlugboardError */
  destroy(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return settling(this.#context, (draft) => destroyVnic(draft, project, id, expected), {
      view: (was) => this.#context.present.vnic({ ...was, portId: null }, { status: 'unplugging' }),
      now: () => this.#now(id),
      vnic: id,
    })
  }

  /** @param pin the hypervisor to pin it to; null: none; undefined: as before @throws PlugboardError */
  async plug(
    project: ProjectId,
    id: VnicId,
    port: PortId,
    expected: Expected,
    pin?: HypervisorId | null,
  ): Promise<VnicView> {
    const { journal, hosts } = this.#context
    const operation = (draft: Draft) => plug(draft, this.#context, project, id, port, expected, pin)
    await (pin === undefined ? journal.write(operation) : hosts.settle(id, operation))
    return this.show(project, id)
  }

  /** @throws PlugboardError */
  unplug(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return settling(this.#context, (draft) => unplug(draft, project, id, expected), {
      view: () => this.show(project, id),
      now: () => this.#now(id),
      vnic: id,
    })
  }

  /** Begins a live migration, or activates one. If its interface is there, an activated VNIC is handed over. @throws PlugboardError */
  async migrate(project: ProjectId, id: VnicId, request: MigrationRequest, expected: Expected): Promise<VnicView> {
    await this.#context.hosts.settle(id, (draft) => migrate(draft, project, id, request, expected))
    return this.show(project, id)
  }

  /** @throws PlugboardError */
  callOffMigration(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>> {
    return settling(this.#context, (draft) => callOff(draft, project, id, expected), {
      view: () => this.show(project, id),
      now: () => this.#now(id),
    })
  }

  /**
   * Waits until the VNIC is `active`, `unplugged` or in `error`, the time is up, the signal fires or the controller stops.
   * @returns the VNIC at the end of the wait
   */
  realised(project: ProjectId, id: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView> {
    return this.#when(project, id, ({ status }) => !PASSING.includes(status), milliseconds, signal)
  }

  /** Waits until the VNIC has been handed over and is `active` or in `error`. Otherwise the same as `realised`. */
  handedOver(project: ProjectId, id: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView> {
    const isDone = ({ status, migration }: Standing) => !migration && !PASSING.includes(status)
    return this.#when(project, id, isDone, milliseconds, signal)
  }

  /** Waits until the migration of the VNIC is `prepared`, in `error` or over. Otherwise the same as `realised`. */
  prepared(project: ProjectId, id: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView> {
    return this.#when(project, id, ({ migration }) => migration?.status !== 'preparing', milliseconds, signal)
  }

  async #when(
    project: ProjectId,
    id: VnicId,
    wanted: (standing: Standing) => boolean,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<VnicView> {
    const { status, stopping } = this.#context
    await waitUntil({
      met: () => wanted(status.vnic(id)),
      watch: (callback) => status.watch(id, callback),
      milliseconds,
      stopping,
      signal,
    })
    return this.show(project, id)
  }

  #now(id: VnicId): VnicView | undefined {
    const { journal, present } = this.#context
    const vnic = journal.graph.vnics.get(id)
    return vnic && present.vnic(vnic)
  }
}
