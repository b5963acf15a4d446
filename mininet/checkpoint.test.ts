/** After a failed test, the cloud returns to its state before the test. */
import { checkpoint } from './checkpoint.ts'
import { loseDatabase, loseSwitch } from './disconnect.ts'
import { onStage } from './onstage.ts'

await onStage('a cloud goes back to its checkpoint', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const network = await scene.network('vlan')
  const stations = [
    await scene.station({ hypervisor: h1, network }),
    await scene.station({ hypervisor: h2, network }),
    await scene.station({ hypervisor: h2, network }),
  ]
  const rules = () => Promise.all([h1.rules(), h2.rules()])
  const before = await rules()
  const restore = await checkpoint(scene)

  const [moved, down, unplugged] = stations
  if (!moved || !down || !unplugged) throw new RangeError('three VMs were made')
  await scene.unplug(moved)
  await scene.plug(moved, await scene.network('vxlan'))
  await scene.setAdmin(down, false)
  await scene.unplug(unplugged)
  await scene.station({ hypervisor: h2, network })
  const pings = await lab.background(moved.vm.name, 'ping', '10.0.0.9')
  await h1.kill('ovs-vswitchd')
  await h1.start('ovs-vswitchd')
  await loseDatabase(scene, h1)
  await loseSwitch(scene, h1)
  await h2.signal('ovs-vswitchd', 'STOP')
  await h2.kill('ovsdb-server')
  await scene.controller.stop('SIGKILL')

  await restore()
  t.notOk(lab.backgrounds.has(pings), 'no command of the test still runs')
  t.equal(lab.vms.length, stations.length, 'its VMs are gone')
  t.same(await rules(), before, 'the rules are the same as before')
  t.same(await scene.wrongs(), [])
})
