/** The commands `plugboard pki …`: what they make, and what to do with it. */
import { certifyController, certifyHost, makeAuthority } from './authority.ts'

export const PKI_COMMANDS = ['ca', 'controller', 'host'] as const
export type PkiCommand = (typeof PKI_COMMANDS)[number]

/**
 * @param names addresses of the controller, or system-ids
 * @returns what was made and what comes next, for the person who runs the command
 * @throws PkiError
 */
export async function runPki(command: PkiCommand, directory: string, names: readonly string[]): Promise<string> {
  switch (command) {
    case 'ca': {
      const { key, cert } = await makeAuthority(directory)
      return `made ${cert}, and ${key}, which whoever has it can make certificates with: keep it off the controller\n`
    }
    case 'controller': {
      const { key, cert } = await certifyController(directory, names)
      return `made ${cert} and ${key}: name them in plugboard.yaml (tls of http, openflow and ovsdb), with ca.pem as ca of openflow and ovsdb\n`
    }
    case 'host': {
      let made = ''
      for (const name of names) {
        const { key, cert } = await certifyHost(directory, name)
        made += `made ${cert} and ${key}: copy them and ca.pem to ${name}, and there\n`
        made += '  ovs-vsctl set-ssl /ABSOLUTE/PATH/OF/KEY /ABSOLUTE/PATH/OF/CERTIFICATE /ABSOLUTE/PATH/OF/ca.pem\n'
        made += '  ovs-vsctl set-manager ssl:CONTROLLER:6640\n'
      }
      return made
    }
  }
}
