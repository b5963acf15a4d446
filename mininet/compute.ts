/**
 * The compute service's side of a virtual NIC's life: everything that a compute service does with Plugboard, in order.
 *
 * A VNIC is made over HTTP and knows nothing of where it will run. Plugging says which port it is in; that may come before or
 * after its VM is placed. Its interface on a hypervisor is the compute service's to make and to remove: Plugboard finds it
 * by its `external_ids:iface-id`, which is the VNIC's id. Nobody ever tells Plugboard which hypervisor that is.
 */

/** Where Plugboard is, and for whom we act there. */
export interface Cloud {
  /** For example `http://127.0.0.1:9797`. */
  readonly url: string
  readonly project: string
  /** Sent as a bearer token; a controller without tokens takes everybody on its loopback for an administrator. */
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
  /** Where its interface was found. */
  readonly binding: { readonly hypervisor: string; readonly interface: string; readonly ofport: number } | null
  /** Where its interface is about to appear, and how far the rules there are. */
  readonly migration: {
    readonly hypervisor: string
    readonly status: 'preparing' | 'prepared' | 'error'
    readonly status_detail?: string
  } | null
  readonly revision: number
}

/** Runs a command on one hypervisor: your agent there, or ssh. It must fail if the command does. */
export type Run = (...argv: readonly string[]) => Promise<unknown>

/**
 * Step 1: the VNIC. Choose the id yourself if you might have to repeat the request: with the same id and body it answers
 * with the VNIC that the first one made. Without a `mac_address` Plugboard chooses one.
 */
export function createVnic(cloud: Cloud, wish: { id?: string; vm_id?: string; mac_address?: string }): Promise<Vnic> {
  return request<Vnic>(cloud, 'POST', '/vnics', { body: wish })
}

/**
 * Step 2, on the hypervisor: the interface. `device` is the tap of the VM, or one end of a veth pair; the VM's end has the
 * VNIC's `mac_address`, and what it sends from another is dropped. One transaction, so that no one sees half of it.
 */
export async function addInterface(run: Run, device: string, vnic: Vnic): Promise<void> {
  const set = ['--', 'set', 'Interface', device, `external_ids:iface-id=${vnic.id}`]
  await run('ovs-vsctl', '--may-exist', 'add-port', 'br-int', device, ...set)
}

/**
 * Step 3: plug. Steps 2 and 3 may come in either order. With `Prefer: wait` the answer is held until the VNIC is `active`,
 * which means that every switch concerned has confirmed its rules: start the VM's traffic then. If the time is up first, the
 * answer is 202 and the plug stands. To repeat the request is always safe.
 */
export function plug(cloud: Cloud, vnicId: string, portId: string, { waitSeconds = 30 } = {}): Promise<Vnic> {
  return request<Vnic>(cloud, 'PUT', `/vnics/${vnicId}/port`, {
    body: { port_id: portId },
    headers: { prefer: `wait=${waitSeconds}` },
  })
}

/** The VNIC as it is now. `waiting` means that no hypervisor has shown its interface yet; `error` says why in a detail. */
export function show(cloud: Cloud, vnicId: string): Promise<Vnic> {
  return request<Vnic>(cloud, 'GET', `/vnics/${vnicId}`)
}

/** Until the VNIC is `active`: repeats the plug, whose answer is held, so that nothing is asked in a loop. */
export async function plugAndWait(cloud: Cloud, vnicId: string, portId: string): Promise<Vnic> {
  for (;;) {
    const vnic = await plug(cloud, vnicId, portId)
    if (vnic.status === 'active') return vnic
    if (vnic.status === 'error') throw new Error(`VNIC ${vnicId} cannot be plugged: ${vnic.status_detail}`)
  }
}

/**
 * Live migration, before the VM goes on elsewhere: have all prepared there that can be without its interface. Then make the
 * interface there (step 2), while the one at the old place is still there; Plugboard finds it, and from then on all that is for
 * the VM goes there. Last, remove the old interface (step 5).
 */
export function prepareMigration(cloud: Cloud, vnicId: string, hypervisor: string): Promise<Vnic> {
  return request<Vnic>(cloud, 'POST', `/vnics/${vnicId}/migration`, {
    body: { hypervisor },
    headers: { prefer: 'wait=30' },
  })
}

/** The VM stays where it is. */
export async function callOffMigration(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}/migration`)
}

/** Step 4: unplug. It answers when the rules are gone from the switches. The VM keeps its interface; it may be plugged again. */
export async function unplug(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}/port`)
}

/** Step 5, on the hypervisor: the interface goes with its VM. */
export async function removeInterface(run: Run, device: string): Promise<void> {
  await run('ovs-vsctl', '--if-exists', 'del-port', 'br-int', device)
}

/** Step 6: the VNIC itself; one that is still plugged is unplugged first. */
export async function destroyVnic(cloud: Cloud, vnicId: string): Promise<void> {
  await request(cloud, 'DELETE', `/vnics/${vnicId}`)
}

interface Details {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What a refusal looks like (RFC 9457). `code` is from a closed list; `detail` is a sentence for a person. */
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
