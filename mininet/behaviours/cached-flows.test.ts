/**
 * Cached decisions of the user-space datapath. Open vSwitch 3.1.0 may keep one after the rules have changed, as long as packets use
 * it. A VM that never pauses moves between two networks, in which others never pause either. From 1 s after each step, no frame
 * goes into the network that it has left, and none comes from there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Port } from '../api.ts'
import { project } from '../cloud-state.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'

const ARP = 0x0806
/** When an answer was given, the caches may follow so much later. */
const MAX_CACHED_MS = 1_000
const LISTEN_MS = 200
/** Frames of the VM that its own network hears, so that a silent VM is no success. */
const MIN_HEARD = 20

/**
 * Sends ARP requests, to everybody and to some peers: some that repeat, and some that never do. Each says when it was sent, in place
 * of the target's MAC address. The other frames have cached decisions that the ARP of a network without known addresses shares.
 */
const SENDER = `
import socket, sys, time
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind(('eth0', 0))
me, address = bytes.fromhex(sys.argv[1]), socket.inet_aton(sys.argv[2])
def ask(to, *target):
    head = me + bytes.fromhex('08060001080006040001') + me + address
    raw.send(to + head + int(time.time() * 1000).to_bytes(6, 'big') + bytes(target))
n = 0
while True:
    n += 1
    for to in [b'\\xff' * 6] + [bytes.fromhex(each) for each in sys.argv[3:]]:
        ask(to, 10, 77, 0, n % 3)
        for new in (78, 178):
            ask(to, 10, new + (n >> 16), n >> 8 & 255, n & 255)
        raw.send(to + me + bytes.fromhex('88b5') + bytes(64))
    time.sleep(0.03)
`

await onStage('cached flows', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const addressOf = ({ vm }: Station) => (vm.addresses[0] ?? '').replace(/\/.*/, '')
  const macOf = ({ vm }: Station) => vm.mac.replaceAll(':', '')

  async function senderOf(from: Station, to: readonly Station[]) {
    return await lab.background(from.vm.name, 'python3', '-c', SENDER, macOf(from), addressOf(from), ...to.map(macOf))
  }

  for (const [engine, where, moves] of [
    ['vlan', 'among others', 25],
    ['vxlan', 'among others', 25],
    ['vlan', 'alone on its host', 10],
  ] as const) {
    await t.test(
      `B84 a VM that never pauses leaves no frame in the network that it has left (${engine}, ${where})`,
      async (t) => {
        // Known addresses make rules look at more of a frame. So decisions of both networks overlap.
        const known = await scene.network(engine)
        const unknown = await scene.network(engine)
        const mover = await scene.station({ hypervisor: h1 })
        const members: Station[] = []
        for (const network of [known, unknown])
          for (const hypervisor of where === 'among others' ? [h1, h2] : [h2])
            members.push(await scene.station({ hypervisor, network }))
        for (const member of members.filter(({ network }) => network === known)) {
          const body = { ip_addresses: [addressOf(member)] }
          await scene.api.must('PATCH', `/v1/projects/${project}/ports/${member.port?.id}`, body)
        }
        const places: ReadonlyArray<readonly [Port, readonly Station[]]> = [
          [
            await scene.api.createPort(project, known.id, { ip_addresses: [addressOf(mover)] }),
            members.filter(({ network }) => network === known),
          ],
          [await scene.api.createPort(project, unknown.id, {}), members.filter(({ network }) => network === unknown)],
        ]
        const senders = [await senderOf(mover, members)]
        for (const member of members) senders.push(await senderOf(member, [mover]))

        /** What goes wrong from 1 s after now on. @param own the VMs that must hear the VM now */
        async function wrongs(step: string, own: readonly Station[]): Promise<string[]> {
          const settled = Date.now() + MAX_CACHED_MS
          const taps = new Map(members.map((each) => [each.vm.name, own.includes(each)]))
          const others = new Set(members.filter((each) => !own.includes(each)).map(macOf))
          const frames = await lab.overhear(ARP)
          const wrong = new Set<string>()
          let heard = 0
          while (Date.now() < settled + LISTEN_MS || (own.length > 0 && heard < MIN_HEARD)) {
            for (const { tap, direction, hex } of await frames()) {
              const [from, sent] = [hex.slice(12, 24), Number.parseInt(hex.slice(64, 76), 16)]
              if (direction !== 'in' || sent < settled) continue
              if (from === macOf(mover) && taps.get(tap) === true) heard += 1
              if (from === macOf(mover) && taps.get(tap) === false) wrong.add(`${step}: ${tap} heard the VM`)
              if (tap === mover.vm.name && others.has(from)) wrong.add(`${step}: the VM heard ${from}`)
            }
            await sleep(LISTEN_MS / 4)
          }
          return [...wrong]
        }

        const wrong: string[] = []
        for (let move = 1; move <= moves; move++) {
          const [port, own] = places[move % 2] ?? []
          if (!port || !own) continue
          await scene.plugInto(mover, port)
          wrong.push(...(await wrongs(`plugged in ${move}`, own)))
          await scene.unplug(mover)
          wrong.push(...(await wrongs(`unplugged ${move}`, [])))
        }
        t.same(wrong, [])
        for (const sender of senders) await sender.stop()
        for (const host of lab.hypervisors) await scene.compared(host)
        for (const station of [mover, ...members]) await scene.remove(station)
        for (const host of lab.hypervisors) t.same(await host.rules(), [], 'a switch without VNICs has no rule')
      },
    )
  }
})
