/**
 * The compute service's part in the life of a virtual NIC: everything that a compute service does with Plugboard, in order.
 *
 * A VNIC is created over HTTP, independently of any hypervisor. It is plugged into a port before or after its VM is placed on a
 * hypervisor. The compute service makes and removes the VNIC's interface on the hypervisor. Plugboard finds the interface by its
 * `external_ids:iface-id`, which is the id of the VNIC. No request tells Plugboard which hypervisor that is.
 */

/** The address of Plugboard, and the project to work in. */
export interface Cloud {
  /** For example `http://127.0.0.1:9797`. */
  readonly url: string
  readonly project: string
  /** The bearer token. A controller without tokens accepts every request on its loopback address, with role admin. */
  readonly token?: string
}

export type VnicStatus = 'unplugged' | 'waiting' | 'building' | 'active' | 'unplugging' | 'error'

/** The fields of a VNIC that a compute service reads. */
export interface Vnic {
  readonly project: string
  readonly id: string
  readonly mac_address: string
  readonly port_id: string | null
  readonly status: VnicStatus
  readonly status_detail?: string | null
  /** The interface that Plugboard has found. */
  readonly binding: { readonly hypervisor: string; readonly interface: string; readonly ofport: number } | null
  /** The target of a live migration, the state of the rules there, and the interface that waits there. */
  readonly migration: {
    readonly hypervisor: string
    readonly status: 'preparing' | 'prepared' | 'error'
    readonly status_detail?: string
    readonly interface: string | null
    readonly activate: boolean
  } | null
  readonly revision: number
}

/** Runs a command on one hypervisor, through your agent or ssh. It must reject if the command fails. */
export type Run = (...argv: readonly string[]) => Promise<unknown>

/**
 * Step 1: create the VNIC. If you choose the id yourself, you can repeat the request safely: the same id and body return the
 * existing VNIC. Without a `mac_address`, Plugboard chooses one.
 */
export function createVnic(cloud: Cloud, wish: { id?: string; vm_id?: string; mac_address?: string }): Promise<Vnic> {
  return request<Vnic>(cloud, 'POST', '/vnics', { body: wish })
}

/**
 * Step 2, on the hypervisor: make the interface. `device` is the tap of the VM, or one end of a veth pair. The VM's end must have
 * the VNIC's `mac_address`: frames from other addresses are dropped. One transaction sets everything at once.
 */
export async function addInterface(run: Run, device: string, vnic: Vnic): Promise<void> {
  const set = ['--', 'set', 'Interface', device, `external_ids:iface-id=${vnic.id}`]
  await run('ovs-vsctl', '--may-exist', 'add-port', 'br-int', device, ...set)
}

/**
 * Step 3: plug. Steps 2 and 3 may come in either order. With `Prefer: wait`, the answer is held until the VNIC is `active`: then
 * every switch concerned has confirmed its rules, and the VM can start to send. If the time is up first, the answer is 202, and
 * the VNIC stays plugged. It is always safe to repeat the request.
 */
export function plug(cloud: Cloud, vnicId: string, portId: string, { waitSeconds = 30 } = {}): Promise<Vnic> {
  return request<Vnic>(cloud, 'PUT', `/vnics/${vnicId}/port`, {
    body: { port_id: portId },
    headers: { prefer: `wait=${waitSeconds}` },
  })
}

/** Reads the VNIC. `waiting` means that no hypervisor has its interface yet. With `error`, the detail says why. */
export function show(cloud: Cloud, vnicId: string): Promise<Vnic> {
  return request<Vnic>(cloud, 'GET', `/vnics/${vnicId}`)
}

/** Plugs, and waits until the VNIC is `active`. Each repeated request is held by the controller, so this is not a busy loop. */
export async function plugAndWait(cloud: Cloud, vnicId: string, portId: string): Promise<Vnic> {
  for (;;) {
    const vnic = await plug(cloud, vnicId, portId)
    if (vnic.status === 'active') return vnic
    if (vnic.status === 'error') throw new Error(`VNIC ${vnicId} cannot be plugged: ${vnic.status_detail}`)
  }
}

/**
 * Live migration: prepare the target before the VM runs there. Plugboard installs all rules that do not need the interface. Then
 * make the interface at the target (step 2), while the VM still runs at the old place: traffic stays there. When the VM goes on
 * at the target, its first frame from there brings all traffic to it. Last, remove the old interface (step 5).
 */
export function prepareMigration(cloud: Cloud, vnicId: string, hypervisor: string): Promise<Vnic> {
  return request<Vnic>(cloud, 'POST', `/vnics/${vnicId}/migration`, {
    body: { hypervisor },
    headers: { prefer: 'wait=30' },
  })
}

/** Hands the VNIC over now, without waiting for a frame of the VM; or as soon as the interface at the target is there. */
export function activateMigration(cloud: Cloud, vnicId: string, hypervisor: string): Promise<Vnic> {
  return request<Vnic>(cloud, 'POST', `/vnics/${vnicId}/migration`, {
    body: { hypervisor, activate: true },
    headers: { prefer: 'wait=30' },
  })
}

/** Cancels a live migration: the VM stays where it is. */
export async function callOffMigration(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}/migration`)
}

/** Step 4: unplug. The answer comes when the switches have removed the rules. The VM keeps its interface, and can be plugged again. */
export async function unplug(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}/port`)
}

/** Step 5, on the hypervisor: remove the interface, together with the VM. */
export async function removeInterface(run: Run, device: string): Promise<void> {
  await run('ovs-vsctl', '--if-exists', 'del-port', 'br-int', device)
}

/** Step 6: destroy the VNIC. If it is still plugged, Plugboard unplugs it first. */
export async function destroyVnic(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}`)
}

interface Details {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The body of a refusal (RFC 9457). `code` is from a fixed list; `detail` is a sentence for people. */
interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
}

async function request<Answer>(cloud: Cloud, method: string, path: string, details: Details = {}): Promise<Answer> {
  const response = await fetch(`${cloud.url}/v1/projects/${cloud.project}${path}`, {
    method,
    headers: {
      ...(details.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cloud.token === undefined ? {} : { authorization: `Bearer ${cloud.token}` }),
      ...details.headers,
    },
    ...(details.body === undefined ? {} : { body: JSON.stringify(details.body) }),
  })
  const text = await response.text()
  if (!response.ok) {
    const { code, detail } = JSON.parse(text) as Problem
    throw new Error(`${method} ${path}: ${response.status} ${code}: ${detail}`)
  }
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}
