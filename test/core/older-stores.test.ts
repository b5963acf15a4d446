/** Dumps of stores that older versions of the program have left: each is read, written and read again. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { dump, load as loadDump } from '../../src/store/dump.ts'
import { SCHEMA } from '../../src/store/lmdb/head.ts'
import { openStore } from '../../src/store/lmdb/open.ts'
import type { NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { controllerOn } from '../support/controller.ts'
import type { MemoryStore } from '../support/memory-store.ts'

const id = (digits: string): string => `00000000-0000-4000-8000-0000000000${digits}`

for (const schema of [1, 2, 3, 4, 5]) {
  t.test(`a store of schema ${schema} is read correctly, and can be used`, async (t) => {
    const path = `${t.testdir()}/store`
    const lines = readFileSync(new URL(`./older-stores/schema-${schema}.jsonl`, import.meta.url), 'utf8')
    await loadDump(path, lines.trimEnd().split('\n'))
    const store = openStore(path)
    const cloud = await controllerOn({ store: store as unknown as MemoryStore })
    const { graph } = cloud.controller
    const last = Math.max(...graph.byKey.keys())

    t.match(graph.networks.get(id('01') as NetworkId), { name: 'overlay', mesh: true, hypervisorRules: false })
    const port = {
      floodUnknown: false,
      borrowsAddresses: false,
      rateLimit: null,
      trunk: [],
      hypervisor: null,
      segmentId: null,
    }
    t.match(graph.ports.get(id('11') as PortId), port)
    t.match(graph.vnics.get(id('21') as VnicId), {
      portId: id('11'),
      requestedHypervisor: null,
      migratesTo: null,
      isActivated: false,
    })
    t.match(graph.placement(id('11') as PortId), { hypervisor: 'hv0', ofport: 1 })
    const owner = graph.networks.get(id('01') as NetworkId)?.key
    t.match(graph.segments.get('vxlan/4096'), { owner, partOf: null, holders: ['hv0'] })
    t.match(graph.segments.get('vxlan/4097'), { owner: null, partOf: null, holders: [] })
    t.match(
      [...graph.hypervisors.values()],
      [
        {
          id: 'hv0',
          uplinks: {},
          successor: null,
          claimsStored: schema >= 5,
          keepsDecisions: false,
          address: null,
          hadVnic: true,
        },
      ],
    )
    if (schema >= 3) {
      t.match(graph.networks.get(id('03') as NetworkId), { engine: 'nat-ipv4', hypervisorRules: true })
      t.equal(graph.ports.get(id('14') as PortId)?.floodUnknown, true)
      t.equal(graph.addresses.countOf(id('04')), 1)
    }

    const events = [...cloud.controller.events.recall()].map((event) => event.id)
    const made = await cloud.call('create_network', { engine: 'vxlan' })
    const network = graph.networks.get(made.id as NetworkId)
    t.ok((network?.key ?? 0) > last, 'no key is given twice')
    t.strictSame(network?.segment, { vni: 4098 }, 'a segment that was used before is the last to be reused')
    const now = [...cloud.controller.events.recall()].map((event) => event.id)
    t.strictSame(now, [...events, (events.at(-1) ?? 0) + 1], 'the ids of events continue')
    await store.close()

    t.match(JSON.parse([...dump(path)][0] ?? ''), { schema: SCHEMA })
    const reopened = openStore(path)
    const again = await controllerOn({ store: reopened as unknown as MemoryStore })
    t.strictSame(again.controller.graph.networks, graph.networks)
    t.strictSame(again.controller.graph.ports, graph.ports)
    t.strictSame(again.controller.graph.segments, graph.segments)
    await reopened.close()
  })
}
