/** Signed bearer tokens, with a provider that the test plays. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import { apiOn } from '../support/api.ts'

const ISSUER = 'https://login.example/realms/cloud'
const AUDIENCE = 'plugboard'

type Claims = Record<string, unknown>

async function provider(t: Test) {
  const [right, other] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  const jwk = { ...(await exportJWK(right.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  let isBroken = false
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    if (isBroken) response.writeHead(500).end()
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const signed = (claims: Claims = {}, { key = right.privateKey, kid = 'one', ends = '5 minutes' } = {}) =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', project: 'red', role: 'member', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setExpirationTime(ends)
      .sign(key)
  return {
    signed,
    otherKey: other.privateKey,
    settings: {
      issuer: ISSUER,
      audience: AUDIENCE,
      jwks_url: `http://127.0.0.1:${port}/jwks`,
      project_claim: 'project',
      role_claim: 'role',
    },
    break: () => {
      isBroken = true
    },
    asked: () => asked,
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test('B146: a signed token has the project and the role of its claims', async (t) => {
  const { signed, settings } = await provider(t)
  const { call } = await apiOn(t, { oidc: settings, tokens: { listed: { project: 'red', role: 'reader' } } })
  const make = async (project: string, claims?: Claims) =>
    call('POST', `/projects/${project}/networks`, {}, bearer(await signed(claims)))
  t.match(await make('red'), { status: 201 })
  t.match(await make('blue'), { status: 404, body: { code: 'not-found' } })
  t.match(await make('red', { role: 'reader' }), { status: 403, body: { code: 'forbidden' } })
  t.match(
    await make('red', { role: ['offline_access', 'reader', 'member'] }),
    { status: 201 },
    'the highest role of a list',
  )
  t.match(await make('blue', { project: '*' }), { status: 201 })
  t.match(await make('red', { role: ['king'] }), {
    status: 403,
    body: { detail: /claim "role".*reader, member, admin/ },
  })
  t.match(await make('red', { role: undefined }), { status: 403 })
  t.match(await make('red', { project: undefined }), { status: 403, body: { detail: /claim "project"/ } })
  t.match(await make('red', { project: 'a/b' }), { status: 403 })
  t.match(await call('GET', '/hypervisors', undefined, bearer(await signed({ role: 'admin', project: '*' }))), {
    status: 200,
  })
  t.match(
    await call('GET', '/projects/red/vnics', undefined, bearer('listed')),
    { status: 200 },
    'beside listed tokens',
  )
  t.match(await call('GET', '/projects/red/vnics'), { status: 401 })
})

t.test('B146: a token that is not the issuer’s, or not for this service, is refused', async (t) => {
  const { signed, otherKey, settings } = await provider(t)
  const { call } = await apiOn(t, { oidc: settings })
  const refused = async (token: string, detail: RegExp, words: string) => {
    const answer = await call('GET', '/projects/red/vnics', undefined, bearer(token))
    t.match(answer, { status: 401, body: { code: 'unauthenticated', detail } }, words)
    t.notMatch(JSON.stringify(answer.body), token.split('.')[2] || 'none', 'no part of the token is repeated')
  }
  await refused(await signed({}, { key: otherKey }), /not one that its issuer has signed/, 'signed by another key')
  await refused(await signed({}, { key: otherKey, kid: 'two' }), /a key that its issuer does not have/, 'unknown key')
  await refused(await signed({ iss: 'https://evil.example' }), /claim "iss"/, 'another issuer')
  await refused(await signed({ aud: 'billing' }), /claim "aud"/, 'another audience')
  await refused(await signed({}, { ends: '1 minute ago' }), /has expired/, 'expired')
  await refused(await signed({ nbf: Math.floor(Date.now() / 1000) + 600 }), /claim "nbf"/, 'not valid yet')
  await refused(await signed({ sub: undefined }), /claim "sub"/, 'of nobody')
  const forever = new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', project: '*', role: 'admin' }).encode()
  await refused(forever, /not one/, 'unsigned')
  const shared = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', project: '*', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256', kid: 'one' })
    .setExpirationTime('5 minutes')
    .sign(new TextEncoder().encode('0'.repeat(32)))
  await refused(shared, /not one that its issuer has signed/, 'signed with a shared secret')
  await refused('eyJ.eyJ.xyzzy', /not one/, 'no token')
  await refused('nonsense', /nor is it a signed one/, 'no JWT')
})

t.test('B146: while the keys cannot be read: 503, and listed tokens go on', async (t) => {
  const { signed, settings, break: fail, asked } = await provider(t)
  fail()
  const { call } = await apiOn(t, { oidc: settings, tokens: { listed: { project: 'red', role: 'reader' } } })
  const token = await signed()
  t.match(await call('GET', '/projects/red/vnics', undefined, bearer(token)), {
    status: 503,
    body: { code: 'unavailable', detail: /keys of the issuer/ },
  })
  t.match(await call('GET', '/projects/red/vnics', undefined, bearer('listed')), { status: 200 })
  t.ok(asked() > 0)
})

t.test('B146: strangers cannot make it ask the provider again and again', async (t) => {
  const { signed, otherKey, settings, asked } = await provider(t)
  const { call } = await apiOn(t, { oidc: settings })
  for (let at = 0; at < 20; at++) {
    const token = await signed({}, { key: otherKey, kid: `kid${at}` })
    t.equal((await call('GET', '/projects/red/vnics', undefined, bearer(token))).status, 401)
  }
  t.ok(asked() <= 2, `asked ${asked()} times`)
})

t.test('B145: the stream of a signed token ends when the token does', async (t) => {
  const { signed, settings } = await provider(t)
  const { app } = await apiOn(t, { oidc: settings })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const token = await signed({}, { ends: '1 second' })
  socket.write(`GET /v1/projects/red/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
  const [head] = await once(socket, 'data')
  t.match(String(head), /^HTTP\/1\.1 200/)
  await once(socket.resume(), 'close')
})
