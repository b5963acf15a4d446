/** Certificates of a lab: an authority, the controller and each hypervisor, as `plugboard pki` makes them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certifyController, certifyHost, makeAuthority } from '../src/pki/authority.ts'
import { controllerAddress } from './controller.ts'
import type { Hypervisor } from './hypervisor.ts'

export class Certificates {
  readonly #directory: string
  readonly #ca: string

  /** The configuration of the controller: TLS on both listeners for hypervisors. */
  readonly config: string

  static async create(): Promise<Certificates> {
    const directory = await mkdtemp(join(tmpdir(), 'plugboard-pki-'))
    const { cert } = await makeAuthority(directory)
    const made = new Certificates(directory, cert)
    await made.renewController()
    return made
  }

  private constructor(directory: string, ca: string) {
    this.#directory = directory
    this.#ca = ca
    const files = `{ cert: ${directory}/controller.pem, key: ${directory}/controller.key, ca: ${ca} }`
    this.config = `openflow: { tls: ${files} }\novsdb: { tls: ${files} }\n`
  }

  /** Makes another key and certificate of the controller, in place of those that are there. */
  async renewController(): Promise<void> {
    await certifyController(this.#directory, [controllerAddress.replace(/:.*/, '')])
  }

  /** Gives a hypervisor a certificate. @param name what the certificate says; by default the right name */
  async equip(host: Hypervisor, name = host.id): Promise<void> {
    await host.secure({ ...(await certifyHost(this.#directory, name)), ca: this.#ca })
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true })
  }
}
