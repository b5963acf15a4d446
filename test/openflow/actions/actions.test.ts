/** Every action and instruction that ovs-ofctl has a text for, compared with ovs-ofctl: the same octets and the same text. */
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  type Action,
  decode,
  encode,
  type Flow,
  parseFlow,
  parseInstructions,
  printFlow,
  printInstructions,
  ruleBody,
  ruleKey,
  VERSIONS,
} from '../../../src/openflow/index.ts'
import { ACTION_LINES } from '../support/actions.ts'
import { regLoad } from '../support/nicira.ts'
import { flowMods, noOfctl, printed } from '../support/ofctl.ts'
import { same } from '../support/same.ts'

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
      t.strictSame(Buffer.from(encode(decode(bytes))), Buffer.from(bytes), `${line}: encoded unchanged`)
      t.notMatch(json(flow), /"unknown"/, `${line}: no part stays octets`)
      t.equal(printFlow(flow), texts[index], `${line}: printed as ovs-ofctl prints it`)
      t.equal(printFlow(parseFlow(printFlow(flow))), printFlow(flow), `${line}: printed and parsed again`)
      const read = parseFlow(line)
      t.strictSame([ruleKey(read), ruleBody(read)], [ruleKey(flow), ruleBody(flow)], `${line}: the rule of ovs-ofctl`)
    }
    const again = texts.map((text) => encode({ type: 'flow_mod', command: 'add', version, ...parseFlow(text) }))
    t.strictSame(await printed(again), texts, 'encoding what ovs-ofctl prints gives the same rule')
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

t.test('law 6: a load before OpenFlow 1.5 is decoded as it was encoded; in 1.5 it is the same rule', async () => {
  fc.assert(
    fc.property(regLoad, (load) => {
      const instructions: Flow['instructions'] = [{ type: 'apply_actions', actions: [load] }]
      const rule = { table: 0, priority: 0, match: [], instructions } as const
      for (const version of VERSIONS) {
        const back = decode(encode({ type: 'flow_mod', command: 'add', version, ...rule }))
        if (version < 6) same(asFlow(encode(back)).instructions, instructions)
        equal(ruleBody(asFlow(encode(back))), ruleBody(rule))
      }
      same(parseInstructions(printInstructions(instructions)), instructions)
    }),
    { numRuns: 500 },
  )
})

t.test('law 6: a set_field with a mask is the same rule in every version, and by its runs of bits', async () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 2n ** 128n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      (mask, any) => {
        const whole: Action = { type: 'set_field', field: 'xxreg1', value: any & mask, mask }
        const runs: Action[] = []
        const body = (actions: readonly Action[]): string =>
          ruleBody({ instructions: [{ type: 'apply_actions', actions }] })
        for (let offset = 0; offset < 128; offset += 1) {
          let bits = 0
          while (bits < 64 && ((mask >> BigInt(offset + bits)) & 1n) === 1n) bits += 1
          if (bits === 0) continue
          const value = (any >> BigInt(offset)) & ((1n << BigInt(bits)) - 1n)
          runs.push({ type: 'reg_load', field: 'xxreg1', offset, bits, value })
          offset += bits - 1
        }
        equal(body(runs), body([whole]))
        for (const version of VERSIONS) {
          const instructions: Flow['instructions'] = [{ type: 'apply_actions', actions: [whole] }]
          const mod = encode({
            type: 'flow_mod',
            command: 'add',
            version,
            table: 0,
            priority: 0,
            match: [],
            instructions,
          })
          equal(ruleBody(asFlow(mod)), body([whole]))
        }
      },
    ),
    { numRuns: 500 },
  )
})
