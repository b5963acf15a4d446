/** A client of Plugboard's HTTP API for the tests and the demo. It returns status and body unchanged. */

import type { Tunnel } from './frames.ts'

export interface Reply<Body> {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

export interface Network {
  readonly id: string
  readonly name: string
  readonly engine: string
  readonly mtu: number
  readonly segment: { readonly vlan_id?: number; readonly physical_network?: string; readonly vni?: number }
}

export interface Port {
  readonly id: string
  readonly network_id: string | null
  readonly vnic_id: string | null
  readonly admin_state_up: boolean
  readonly status: string
  readonly status_detail?: string
  readonly revision: number
  /** Present for a port in an Ethernet network. */
  readonly ip_addresses?: readonly string[]
  /** The remote end, for a port that is a tunnel. */
  readonly remote_ip?: string
  readonly tunnel_type?: Tunnel['type']
  readonly tunnel_key?: number
  /** Present for a port in a NATed network. */
  readonly floating_address?: string
  readonly private_address?: string
}

export interface HypervisorState {
  readonly id: string
  readonly hostname: string
  readonly openflow_connected: boolean
  readonly ovsdb_connected: boolean
  readonly rules: number
  readonly backlog: number
  readonly last_error: string | null
  readonly conditions: readonly {
    readonly code: string
    readonly message: string
    readonly severity: string
    readonly since: string
  }[]
}

export class Api {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async ask<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Body>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    }
  }

  /** Makes a request that must succeed, and returns the body. */
  async must<Body>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Body> {
    const reply = await this.ask<Body>(method, path, body, headers)
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }

  createNetwork(project: string, wish: Record<string, unknown>): Promise<Network> {
    return this.must('POST', `/v1/projects/${project}/networks`, wish)
  }

  createPort(project: string, networkId: string, wish: Record<string, unknown> = {}): Promise<Port> {
    return this.must('POST', `/v1/projects/${project}/networks/${networkId}/ports`, wish)
  }

  async hypervisors(): Promise<readonly HypervisorState[]> {
    return (await this.must<{ hypervisors: HypervisorState[] }>('GET', '/v1/hypervisors')).hypervisors
  }
}

/** A server-sent event. */
export interface Event {
  readonly type: string
  readonly data: { readonly id?: string; readonly status?: string }
}

/** Collects the events of a project from now on, until `stop`. */
export async function listen(url: string, project: string): Promise<{ readonly seen: readonly Event[]; stop(): void }> {
  const stopping = new AbortController()
  const response = await fetch(`${url}/v1/projects/${project}/events`, { signal: stopping.signal })
  const seen: Event[] = []
  const read = async () => {
    let rest = ''
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) => block.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1]
        const data = field('data')
        if (data) seen.push({ type: field('event') ?? 'message', data: JSON.parse(data) })
      }
    }
  }
  read().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  return { seen, stop: () => stopping.abort() }
}
