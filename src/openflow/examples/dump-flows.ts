/**
 * Prints the rules of a switch, as `ovs-ofctl dump-flows` does, most packets first.
 *
 *     node src/openflow/examples/dump-flows.ts /var/run/openvswitch/br0.mgmt [TABLE]
 */
import { connect, printFlow } from '../index.ts'

const [path = '/var/run/openvswitch/br0.mgmt', table] = process.argv.slice(2)
const session = await connect({ path })
const found: Array<{ readonly packets: bigint; readonly line: string }> = []
for await (const flows of session.dumpFlows(table === undefined ? {} : { table: Number(table) })) {
  for (const flow of flows) found.push({ packets: flow.stats.packets ?? 0n, line: printFlow(flow) })
}
found.sort((a, b) => (a.packets === b.packets ? 0 : a.packets < b.packets ? 1 : -1))
for (const { packets, line } of found) console.log(String(packets).padStart(12), line)
session.close('done')
