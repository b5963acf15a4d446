/** DHCP options for boot loaders, which requests set on networks and ports. */
import t from 'tap'
import { type Answer, apiOn } from '../../support/api.ts'

const RED = '/projects/red'
const IPV4 = { prefix: '10.0.0.0/29', gateway_ip: '10.0.0.1' }

const refusal = ({ status, body }: Answer) => [status, body.code, body.field]

t.test('DHCP options for boot loaders, of a network and of a port', async (t) => {
  const api = await apiOn(t)
  const dhcp_options = [
    { code: 66, value: '10.0.0.3' },
    { code: 67, value: 'pxelinux.0' },
    { code: 67, value: 'ipxe.efi', architecture: 7 },
    { code: 150, value: '10.0.0.3,10.0.0.4' },
    { code: 'next_server', value: '10.0.0.3' },
    { code: 43, value: '0x0601ff' },
    { code: 211, value: '30' },
  ]
  const id = '00000000-0000-4000-8000-000000000009'
  const wish = { id, engine: 'vxlan', ipv4: { ...IPV4, dhcp_options } }
  const made = await api.call('POST', `${RED}/networks`, wish)
  t.match(made, { status: 201, body: { ipv4: { dhcp_options } } }, JSON.stringify(made.body))
  t.equal((await api.call('POST', `${RED}/networks`, wish)).status, 200, 'repeated')
  const own = { ipv4: { dhcp_options: [{ code: 67, value: 'other.0' }] } }
  const port = await api.call('POST', `${RED}/networks/${id}/ports`, own)
  t.match(port, { status: 201, body: own })
  const path = `${RED}/ports/${port.body.id}`
  t.match(await api.call('PATCH', path, { ipv4: { dhcp_options: [] } }), { body: { ipv4: { dhcp_options: [] } } })
  t.notOk('ipv4' in (await api.call('POST', `${RED}/networks/${id}/ports`, {})).body, 'a port that says nothing')
  const many = Array.from({ length: 33 }, (_, n) => ({ code: 128, value: 'x', architecture: n }))
  for (const wrong of [
    [{ code: 3, value: '10.0.0.1' }],
    [{ code: 121, value: '0x00' }],
    [{ code: 53, value: '0x05' }],
    [{ code: 150, value: 'tftp.example' }],
    [{ code: 150, value: '::ffff:10.0.0.3' }],
    [{ code: 'next_server', value: '10.0.0.3,10.0.0.4' }],
    [{ code: 67, value: 'a\nb' }],
    ...['0x', '0x0', '0xzz', '0X1'].map((value) => [{ code: 43, value }]),
    [{ code: 67, value: 'ü' }],
    [{ code: 67, value: 'x'.repeat(256) }],
    [{ code: 211, value: '030' }],
    [{ code: 211, value: '4294967296' }],
    [
      { code: 67, value: 'a' },
      { code: 67, value: 'b' },
    ],
  ]) {
    const network = await api.call('POST', `${RED}/networks`, {
      engine: 'vxlan',
      ipv4: { ...IPV4, dhcp_options: wrong },
    })
    t.same(refusal(network), [400, 'bad-request', 'ipv4.dhcp_options'], JSON.stringify(wrong))
    t.same(refusal(await api.call('PATCH', path, { ipv4: { dhcp_options: wrong } })), refusal(network))
  }
  for (const wrong of [
    [{ code: 0, value: 'x' }],
    [{ code: 255, value: 'x' }],
    [{ code: 67 }],
    [{ code: 'tftp', value: 'x' }],
    [{ code: 67, value: 'x', architecture: -1 }],
    [{ code: 67, value: 'x', colour: 1 }],
    many,
    {},
  ])
    t.equal(
      (await api.call('PATCH', path, { ipv4: { dhcp_options: wrong } })).status,
      400,
      JSON.stringify(wrong).slice(0, 60),
    )
})
