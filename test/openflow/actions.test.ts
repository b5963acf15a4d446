/** Every action and instruction that ovs-ofctl has a text for, under its eyes: the same octets, the same text. */
import t from 'tap'
import { decode, encode, type Flow, parseFlow, printFlow, ruleBody, ruleKey } from '../../src/openflow/index.ts'
import { ACTION_LINES } from './support/actions.ts'
import { flowMods, noOfctl, printed } from './support/ofctl.ts'

const asFlow = (bytes: Uint8Array): Flow => {
  const message = decode(bytes)
  if (message.type !== 'flow_mod') throw new Error(message.type)
  return { cookie: 0n, instructions: [], ...message }
}

const json = (flow: Flow): string =>
  JSON.stringify(flow, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

for (const version of [4, 5, 6]) {
  t.test(`actions as ovs-ofctl sends them in version ${version}`, { skip: noOfctl }, async (t) => {
    const sent = await flowMods(ACTION_LINES, version)
    const texts = await printed(sent)
    t.equal(sent.length, ACTION_LINES.length)
    for (const [index, bytes] of sent.entries()) {
      const line = ACTION_LINES[index] ?? ''
      const flow = asFlow(bytes)
      t.strictSame(Buffer.from(encode(decode(bytes))), Buffer.from(bytes), `${line}: encoded as it came`)
      t.notMatch(json(flow), /"unknown"/, `${line}: nothing of it is bytes`)
      t.equal(printFlow(flow), texts[index], `${line}: printed as ovs-ofctl prints it`)
      t.equal(printFlow(parseFlow(printFlow(flow))), printFlow(flow), `${line}: printed and read`)
      const read = parseFlow(line)
      t.strictSame([ruleKey(read), ruleBody(read)], [ruleKey(flow), ruleBody(flow)], `${line}: the rule of ovs-ofctl`)
    }
    const again = texts.map((text) => encode({ type: 'flow_mod', command: 'add', version, ...parseFlow(text) }))
    t.strictSame(await printed(again), texts, 'what we send for what ovs-ofctl prints says the same')
  })
}

t.test('actions that ovs-ofctl has two texts for', async (t) => {
  const same = (text: string, canonical: string): void => void t.equal(printFlow(parseFlow(text)), canonical)
  same('actions=strip_vlan', 'actions=pop_vlan')
  same('actions=push:reg0,pop:reg1', 'actions=push:NXM_NX_REG0[],pop:NXM_NX_REG1[]')
  same('actions=bundle(eth_src,0,hrw,ofport,slaves:1)', 'actions=bundle(eth_src,0,hrw,ofport,members:1)')
  same(
    'actions=sample(probability=1,obs_point_id=reg0[])',
    'actions=sample(probability=1,collector_set_id=0,obs_domain_id=0,obs_point_id=NXM_NX_REG0[])',
  )
  same('ip,actions=ct(alg=21)', 'ip actions=ct(alg=ftp)')
})
