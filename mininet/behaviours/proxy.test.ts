/** The API behind nginx with `proxy_pass` alone: what streams, streams, and what is held is answered before nginx gives up. */
import { project } from '../cloud-state.ts'
import { startNginx } from '../nginx.ts'
import { onStage } from '../onstage.ts'

/** A stream that has not begun within this time would not begin at all: nginx would wait for some KiB of it. */
const MAX_START_MS = 20_000

await onStage('proxy', { hypervisors: 1 }, async (t, scene) => {
  const { lab } = scene
  const hypervisor = lab.hypervisor(1)
  const nginx = await startNginx(scene.controller.url)
  t.teardown(() => nginx.stop())
  const network = await scene.network('vxlan')

  await t.test(
    'B61 events arrive through a proxy: the head at once, then each event, and signs of life between',
    async (t) => {
      const stopping = new AbortController()
      const late = setTimeout(() => stopping.abort(new Error('nothing has arrived')), MAX_START_MS)
      const { status, headers, body } = await fetch(`${nginx.url}/v1/projects/${project}/events`, {
        signal: stopping.signal,
      })
      t.equal(status, 200)
      t.equal(headers.get('content-type'), 'text/event-stream')
      t.match(headers.get('cache-control'), /no-store.*no-transform/)
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      const readUntil = async (found: (text: string) => boolean) => {
        while (!found(text)) {
          const part = await reader?.read()
          if (!part || part.done) throw new Error(`the stream has ended: ${text}`)
          text += part.value
        }
      }
      await readUntil((text) => text.startsWith(':'))
      clearTimeout(late)
      const station = await scene.station({ hypervisor, network })
      await readUntil((text) => text.includes('event: vnic.status') && text.includes('"status":"active"'))
      const before = text.length
      // Nothing happens now.
      await readUntil((text) => (text.slice(before).match(/^: still here$/gm) ?? []).length >= 2)
      stopping.abort()
      await scene.remove(station)
    },
  )

  await t.test('B62 an answer that is held comes through a proxy when the VNIC is active', async (t) => {
    const vnic = await scene.createVnic()
    const port = await scene.api.createPort(project, network.id)
    const plugged = fetch(`${nginx.url}/v1/projects/${project}/vnics/${vnic.id}/port`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', prefer: 'wait=50' },
      body: JSON.stringify({ port_id: port.id }),
    })
    await scene.vnicIs(vnic.id, 'waiting')
    const vm = await lab.addVm({ name: 'held', hypervisor, vnicId: vnic.id, mac: vnic.mac_address, addresses: [] })
    const answer = await plugged
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('preference-applied'), 'wait=50')
    t.match(await answer.json(), { id: vnic.id, status: 'active' })
    await lab.removeVm(vm)
    await scene.api.must('DELETE', `/v1/projects/${project}/vnics/${vnic.id}`)
  })

  await t.test('B62 the longest wait ends before a proxy gives up', async (t) => {
    const vnic = await scene.createVnic()
    const port = await scene.api.createPort(project, network.id)
    const answer = await fetch(`${nginx.url}/v1/projects/${project}/vnics/${vnic.id}/port`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', prefer: 'wait=60' },
      body: JSON.stringify({ port_id: port.id }),
    })
    t.equal(answer.status, 202, 'not 504, which nginx answers after 60 s')
    t.match(await answer.json(), { id: vnic.id, status: 'waiting' })
    await scene.api.must('DELETE', `/v1/projects/${project}/vnics/${vnic.id}`)
  })
})
