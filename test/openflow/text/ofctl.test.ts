/**
 * Text that ovs-ofctl accepts is accepted and printed in the same way, and text that it refuses is refused. ovs-ofctl
 * itself is the oracle.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { decode, encode, type Flow, parseFlow, printFlow, ruleBody, ruleKey } from '../../../src/openflow/index.ts'
import { noOfctl } from '../support/ofctl.ts'
import { ACTIONS, LOADS, NO_ACTIONS } from '../support/text-actions.ts'
import { FLOWS, NO_FLOWS } from '../support/text-flows.ts'
import { MATCHES, NO_MATCHES } from '../support/text-matches.ts'

const run = promisify(execFile)
const withOutput = (match: string): string => `${match},actions=output:1`
const TAKEN = [...MATCHES.map(withOutput), ...ACTIONS, ...LOADS, ...FLOWS]
const REFUSED = [...NO_MATCHES.map(withOutput), ...NO_ACTIONS, ...NO_FLOWS]

/** What `ovs-ofctl parse-flows` prints for each line, after `ADD `. */
async function parsed(lines: readonly string[], protocol: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-text-'))
  try {
    const file = join(directory, 'lines')
    await writeFile(file, lines.map((line) => `${line}\n`).join(''))
    const { stdout } = await run('ovs-ofctl', ['-O', protocol, '--no-names', 'parse-flows', file], {
      maxBuffer: 2 ** 26,
    })
    return stdout.split('\n').flatMap((line) => /^OFPT_FLOW_MOD .*?: ADD (.*)$/.exec(line)?.[1] ?? [])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const FLAGS = ['send_flow_rem', 'check_overlap', 'reset_counts', 'no_packet_counts', 'no_byte_counts']

/** Rewrites a flow_mod as ovs-ofctl prints it: its parts have another order and other names than in a dump. */
function asDump(text: string): string {
  const at = text.indexOf('actions=')
  let head = ` ${text.slice(0, at)}`
  const take = (name: string): string => {
    const found = new RegExp(` ${name}(?::(\\S+))? `).exec(head)
    if (found) head = head.replace(found[0], ' ')
    return found ? (found[1] ?? name) : ''
  }
  const part = (name: string, word = name): string => {
    const value = take(name)
    return value === '' ? '' : `${word}=${value}, `
  }
  const [table, cookie, idle, hard] = [
    part('table'),
    part('cookie'),
    part('idle', 'idle_timeout'),
    part('hard', 'hard_timeout'),
  ]
  const flags = FLAGS.map((flag) => (take(flag) === '' ? '' : `${flag} `)).join('')
  const importance = part('importance')
  const match = head.trim().replace(/^priority=32768,?/, '')
  return `${cookie}${table}${idle}${hard}${flags}${importance}${match === '' ? '' : `${match} `}${text.slice(at)}`
}

/** The rule in the form that is sent to a switch of OpenFlow 1.5. */
function told(flow: Flow): Flow {
  const message = decode(encode({ type: 'flow_mod', command: 'add', ...flow }))
  if (message.type !== 'flow_mod') throw new Error(message.type)
  return { cookie: 0n, instructions: [], ...message }
}

t.test('text that ovs-ofctl accepts is printed as it prints it in OpenFlow 1.5', { skip: noOfctl }, async (t) => {
  const theirs = (await parsed(TAKEN, 'OpenFlow15')).map(asDump)
  t.equal(theirs.length, TAKEN.length)
  for (const [index, line] of TAKEN.entries()) {
    const text = theirs[index] ?? ''
    const flow = parseFlow(line)
    if (LOADS.includes(line)) t.equal(ruleBody(told(flow)), ruleBody(parseFlow(text)), `${line}: as it is sent`)
    else {
      t.equal(printFlow(flow), text, line)
      t.equal(printFlow(told(flow)), text, `${line}: as it is sent`)
    }
    t.equal(printFlow(parseFlow(text)), text, `${text}: parsed again`)
  }
})

/**
 * Rules that ovs-ofctl splits into parts of 64 bits before OpenFlow 1.5, or in which it leaves out the bit for the tag's
 * presence.
 */
const IN_PIECES = /load:\w+->(xxreg0|NXM_NX_IPV6_SRC\[\]|NXM_NX_CT_LABEL\[\])(\)|$)|set_field:\w+\/\w+->vlan_vid/

for (const protocol of ['OpenFlow13', 'OpenFlow14']) {
  t.test(`the text of ovs-ofctl in ${protocol} is the same rule`, { skip: noOfctl }, async (t) => {
    const theirs = (await parsed(TAKEN, protocol)).map(asDump)
    t.equal(theirs.length, TAKEN.length)
    for (const [index, line] of TAKEN.entries()) {
      const text = theirs[index] ?? ''
      const [mine, back] = [told(parseFlow(line)), parseFlow(text)]
      t.equal(printFlow(back), text, `${text}: printed again`)
      t.equal(ruleKey(back), ruleKey(mine), line)
      if (!IN_PIECES.test(line)) t.equal(ruleBody(back), ruleBody(mine), line)
    }
  })
}

t.test('text that ovs-ofctl refuses is refused', { skip: noOfctl }, async (t) => {
  for (const line of REFUSED) {
    const theirs = await run('ovs-ofctl', ['-O', 'OpenFlow15', '--no-names', 'parse-flow', line]).then(
      ({ stdout }) => stdout,
      () => 'refused',
    )
    t.match(theirs, /^refused$|\*\*\*decode error/, `${line}: by ovs-ofctl`)
    t.throws(() => parseFlow(line), { code: 'bad-text' }, line)
  }
})

t.test('text that ovs-ofctl truncates or ignores is refused', async (t) => {
  const lines = [
    ...['dl_vlan=4096', 'dl_vlan_pcp=8', 'mpls,mpls_tc=8', 'mpls,mpls_label=1048576', 'ip,nw_ecn=4', 'ip,ip_dscp=64'],
    ...['ip,nw_dst=10.0.0.300', 'tcp,udp', 'ip,ipv6', 'reg0=1,reg0=2', 'xreg0=1,reg1=2', 'ip=5', 'dl_vlan=', 'reg0=0x'],
    ...['priority=1,priority=2', 'table=1,table=2', 'reg0[0..3]=1,reg0[2..5]=1', 'reg0[0..3]=1,reg0=5'],
  ].map(withOutput)
  const actions = [
    ...[
      'load:1.2.3.4->reg0',
      'ip,actions=dec_ttl(65536)',
      'learn(table=1,priority=70000)',
      'exit:5',
      'normal:5',
      '1:5',
    ],
    ...['clone(output:1', 'encap(nsh(md_type=2,tlv(0x1000,10,0x123)))', 'ct(commit,zone=5,zone=6)', 'note:1.2'],
  ].map((text) => (text.includes(',actions=') ? text : `actions=${text}`))
  for (const line of [...lines, ...actions]) t.throws(() => parseFlow(line), { code: 'bad-text' }, line)
})
