/** `npm run bench`: measures Plugboard and its peers in one run. Exits 1 only if something did not work. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { oneMoreHypervisor, rulesPerSwitch } from '../test/support/sizes.ts'
import { NETWORK_ENGINES } from '../test/support/wide.ts'
import { benchArguments, type Part } from './arguments.ts'
import { codecRates } from './codec.ts'
import { type Goal, reached, round, say, table } from './figures.ts'
import { ovnTimes } from './ovn.ts'
import { monitorTimes } from './ovsdb.ts'
import { plugTimes } from './plugboard.ts'
import { rulesTimes } from './rules.ts'
import { scaleTimes } from './scale.ts'
import { ENGINES, throughput } from './throughput.ts'

const PLUGS = 30
const SIZES = [100, 1000]
/** The number of iperf3 runs of each kind. */
const RUNS = 20

interface Outcome {
  readonly figures: object
  readonly rows: ReadonlyArray<ReadonlyArray<string | number>>
  readonly goals: readonly Goal[]
}

/** Measures one system at a time, in turns by size. On a small machine they would disturb each other. */
async function plug(): Promise<Outcome> {
  const sizes = []
  for (const size of SIZES)
    sizes.push({ size, plugboard: await plugTimes(size, PLUGS), ovn: await ovnTimes(size, PLUGS) })
  const rows = sizes.flatMap(({ size, plugboard, ovn }) => [
    [`Plugboard, PUT …/port to its 200, at ${size}`, plugboard.plug.p50, plugboard.plug.p99],
    [`OVN, ovn-nbctl --wait=hv, at ${size}`, ovn.command.p50, ovn.command.p99],
    [`OVN, its daemon's socket, at ${size}`, ovn.daemon.p50, ovn.daemon.p99],
    [`the floor, at ${size}`, plugboard.floor.p50, plugboard.floor.p99],
  ])
  const goals = sizes.flatMap(({ size, plugboard, ovn }): Goal[] => [
    {
      words: `times faster than OVN by ovn-nbctl at p50, at ${size}`,
      figure: ovn.command.p50 / plugboard.plug.p50,
      limit: ['>=', 5],
    },
    {
      words: `times faster than OVN without that command's own process, at ${size}`,
      figure: ovn.daemon.p50 / plugboard.plug.p50,
      limit: ['>=', 1],
    },
  ])
  return { figures: sizes, rows: [['plug to realised, ms', 'p50', 'p99'], ...rows], goals }
}

async function rules(): Promise<Outcome> {
  const figures = await rulesTimes(100_000, 3)
  return {
    figures,
    rows: [
      ['100,000 rules, ms', 'median'],
      ['into an empty bridge: Plugboard, one session', figures.add.ours],
      ['into an empty bridge: ovs-ofctl --bundle add-flows', figures.add.theirs],
      ['read from it: Plugboard, one session', figures.dump.ours],
      ['read from it: ovs-ofctl dump-flows', figures.dump.theirs],
      ['the longest turn of the event loop while reading', figures.turn],
    ],
    goals: [
      {
        words: 'times what ovs-ofctl takes to add them',
        figure: figures.add.ours / figures.add.theirs,
        limit: ['<=', 1.1],
      },
      {
        words: 'times what ovs-ofctl takes to read them',
        figure: figures.dump.ours / figures.dump.theirs,
        limit: ['<=', 1.5],
      },
      { words: 'ms for the longest turn', figure: figures.turn, limit: ['<=', 10] },
    ],
  }
}

async function codec(): Promise<Outcome> {
  const figures = await codecRates()
  return {
    figures,
    rows: [
      ['messages a second, one core', 'ours', 'os-ken'],
      ['encode: flow_mods with 4 fields and 3 actions', figures.encode.ours, figures.encode.osKen],
      ['decode: these, packet_ins, flow statistics of ten flows', figures.decode.ours, figures.decode.osKen],
    ],
    goals: (['encode', 'decode'] as const).map((what) => ({
      words: `times as fast as os-ken, ${what}`,
      figure: figures[what].ours / figures[what].osKen,
      limit: ['>=', 20],
    })),
  }
}

async function scale(): Promise<Outcome> {
  const figures = (['vlan', 'vxlan'] as const).map((engine) => {
    say(`10,000 VNICs on ${engine} ...`)
    return scaleTimes(engine, 100, 10_000)
  })
  return {
    figures,
    rows: [
      ['compile and delta of a plug, ms', 'the 100th', 'the 10,000th'],
      ...figures.map(({ engine, early, late }) => [engine, early, late]),
    ],
    goals: figures.map(({ engine, early, late }) => ({
      words: `times the 100th, on ${engine}`,
      figure: late / early,
      limit: ['<=', 1.5],
    })),
  }
}

/** Counts rules and messages. A goal that is missed here also fails a test (test/switches/sizes.test.ts). */
async function size(): Promise<Outcome> {
  const networks = rulesPerSwitch(1000, 100)
  const additions = []
  for (const engine of NETWORK_ENGINES) {
    say(`the 400th hypervisor of a ${engine} network ...`)
    const stops: Array<() => unknown> = []
    additions.push(await oneMoreHypervisor({ teardown: (stop) => stops.push(stop) }, engine, 400))
    for (const stop of stops.reverse()) await stop()
  }
  return {
    figures: { networks, additions },
    rows: [
      ['a network of 1,000 VNICs on 100 hypervisors', 'rules on a switch', 'bound'],
      ...networks.map(({ what, rules, most }) => [what, rules, most]),
      ['its 400th hypervisor costs each of the others', 'bundles', 'flow_mods'],
      ...additions.map(({ engine, bundles, flowMods }) => [engine, bundles, flowMods]),
    ],
    goals: [
      ...networks.map(
        ({ what, rules, most }): Goal => ({ words: `rules, ${what}`, figure: rules, limit: ['<=', most] }),
      ),
      ...additions.flatMap(({ engine, bundles, flowMods, ports }): Goal[] => [
        { words: `bundles for the 400th, ${engine}`, figure: bundles, limit: ['<=', 1] },
        { words: `flow_mods for the 400th, ${engine}`, figure: flowMods, limit: ['<=', 2] },
        { words: `ports to the fabric on each hypervisor, ${engine}`, figure: ports, limit: ['<=', 1] },
      ]),
    ],
  }
}

async function flowing(): Promise<Outcome> {
  const figures = []
  for (const engine of ENGINES) figures.push(await throughput(engine, RUNS))
  return {
    figures,
    rows: [
      ['between two VMs on two hypervisors', 'Mbit/s', 'by actions=normal', 'processor s/GB', 'by actions=normal'],
      ...figures.map(({ engine, ours, theirs }) => [engine, ours.rate, theirs.rate, ours.work, theirs.work]),
    ],
    goals: figures.flatMap(({ engine, ours, theirs }): Goal[] => [
      {
        words: `of the throughput of one rule written by hand, ${engine}`,
        figure: ours.rate / theirs.rate,
        limit: ['>=', 0.9],
      },
      {
        words: `times the processor time of it for a gigabyte, ${engine}`,
        figure: ours.work / theirs.work,
        limit: ['<=', 1.1],
      },
    ]),
  }
}

async function ovsdb(): Promise<Outcome> {
  const figures = await monitorTimes(20_000, 5)
  return {
    figures,
    rows: [
      ['the first snapshot of 20,000 interfaces, ms', 'median'],
      ['our replica', figures.ours],
      ['ovsdb-client monitor', figures.theirs],
    ],
    goals: [{ words: 'times what ovsdb-client takes', figure: figures.ours / figures.theirs, limit: ['<=', 1.5] }],
  }
}

const MEASURE: Readonly<Record<Part, () => Promise<Outcome>>> = {
  plug,
  rules,
  scale,
  size,
  throughput: flowing,
  codec,
  ovsdb,
}

const firstLine = (command: string): string =>
  execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? ''

async function main(): Promise<void> {
  const { parts: names, json: file } = benchArguments()
  const machine = {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    processor: cpus()[0]?.model,
    node: process.version,
    openvswitch: firstLine('ovs-vswitchd'),
    ...(names.includes('plug') ? { ovn: firstLine('ovn-controller') } : {}),
  }
  const results: Record<string, unknown> = { machine }
  for (const name of names) {
    const outcome = await MEASURE[name]()
    console.log(`\n${table(outcome.rows)}`)
    for (const goal of outcome.goals) {
      const [direction, bound] = goal.limit
      const wish = `goal: ${direction === '>=' ? 'at least' : 'at most'} ${bound}`
      console.log(`  ${round(goal.figure)} ${goal.words} (${wish}): ${reached(goal) ? 'reached' : 'missed'}`)
    }
    results[name] = {
      figures: outcome.figures,
      goals: outcome.goals.map((goal) => ({ ...goal, reached: reached(goal) })),
    }
  }
  const json = JSON.stringify(results)
  if (file !== undefined) writeFileSync(file, `${json}\n`)
  console.log(`\n${json}`)
}

await main()
