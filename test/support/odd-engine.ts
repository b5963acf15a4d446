/** An outside engine whose parts a test can replace: standalone ports, each a VXLAN tunnel to 203.0.113.9. */
import type { Engine } from '../../src/core/engine/engine.ts'

interface Parts extends Partial<Omit<Engine, 'rules' | 'ports'>> {
  readonly rules?: object
  readonly ports?: object | undefined
}

export function oddEngine({ rules = {}, ports = {}, ...parts }: Parts = {}): Engine {
  const alias = parts.alias ?? 'odd'
  return {
    alias,
    name: 'Odd',
    description: 'For tests.',
    kinds: ['odd'],
    vnics: [
      {
        kind: 'odd',
        schema: { type: 'object', properties: {} },
        attributes: () => ({ asked: {}, attributes: {} }),
      },
    ],
    ports: {
      inNetworks: false,
      schema: { type: 'object', properties: { tunnel_key: { type: 'integer' } }, required: ['tunnel_key'] },
      plan: (_graph, _network, { tunnel_key: key }) => ({
        attributes: { tunnel_key: Number(key) },
        hypervisor: null,
        segment: { id: `vxlan/${key}/203.0.113.9`, partOf: `vxlan/${key}` },
      }),
      ...ports,
    },
    checkPlug: () => undefined,
    judgeHost: () => [],
    fabricPorts: () => [],
    ...parts,
    rules: {
      alias,
      fabric: (port) => ({
        kind: 'wire',
        role: 'tunnel:vxlan',
        tunnelKey: 'attributes' in port ? Number(port.attributes.tunnel_key) : 0,
        remoteIp: '203.0.113.9',
      }),
      guard: () => [{ may: 'pass', rank: 1, match: [], what: 'whatever it likes' }],
      domain: () => [{ priority: 1, match: [], target: { to: 'everybody' }, why: 'odd' }],
      member: () => [],
      remote: () => [],
      ...rules,
    },
  }
}
