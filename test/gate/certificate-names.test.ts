/** Which names a certificate has: nobody must get in by a name that only looks like several. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dnsNamesIn, namesOf, refusalOf } from '../../src/gate/certificate-names.ts'
import { makeAuthority } from '../../src/pki/authority.ts'
import { certify } from '../../src/pki/openssl.ts'

t.test('B140: DNS names are read as they are written, and values in quotation marks are none', async (t) => {
  t.strictSame(dnsNamesIn(''), [])
  t.strictSame(dnsNamesIn('DNS:hv1'), ['hv1'])
  t.strictSame(dnsNamesIn('DNS:hv1, IP Address:192.0.2.1, DNS:hv1.example'), ['hv1', 'hv1.example'])
  t.strictSame(dnsNamesIn('DNS:"hv1, DNS:hv2"'), [])
  t.strictSame(dnsNamesIn('URI:"a\\", DNS:hv2", DNS:hv1'), ['hv1'])
  t.strictSame(dnsNamesIn('DNS:"hv1'), undefined)
  t.strictSame(dnsNamesIn('DNS:hv1 DNS'), ['hv1 DNS'])
})

t.test('B140: real certificates', async (t) => {
  const directory = t.testdir()
  const authority = await makeAuthority(directory)
  const made = async (commonName: string, subjectAltName?: string) => {
    const pair = { key: join(directory, 'one.key'), cert: join(directory, 'one.pem') }
    const extensions = subjectAltName === undefined ? {} : { subjectAltName }
    await certify(directory, pair, { commonName, days: 1, extensions, authority })
    return new X509Certificate(readFileSync(pair.cert))
  }
  t.strictSame(namesOf(await made('hv1')), ['hv1'])
  t.strictSame(namesOf(await made('hv1 id:0e1b', 'DNS:hv1')), ['hv1 id:0e1b', 'hv1'], 'as ovs-pki makes them')
  t.strictSame(namesOf(await made('hv2\n1.CN = hv1')), [], 'two common names')
  const certificate = await made('hv1', 'DNS:hv1.example,IP:192.0.2.1,URI:https://hv3/')
  t.equal(refusalOf('{system-id}', 'hv1', certificate), undefined)
  t.equal(refusalOf('{system-id}.example', 'hv1', certificate), undefined)
  t.match(refusalOf('{system-id}', 'hv3', certificate), /is that of hv1, hv1.example, and hypervisor hv3/)
  t.match(refusalOf('{system-id}', 'HV1', certificate), /must show one of HV1/, 'names differ by case')
  t.match(refusalOf('{system-id}', '.example', certificate), /must show one of/)
  t.match(refusalOf('{system-id}', '192.0.2.1', certificate), /must show one of/, 'an address is no name')
  t.match(refusalOf('{system-id}', 'hv1', await made('*', 'DNS:*.example')), /must show/, 'no wildcards')
  t.match(refusalOf('{system-id}', 'hv1', undefined), /has no name/, 'a connection without a certificate')
})
