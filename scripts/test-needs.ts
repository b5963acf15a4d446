/** Finds the test files that run programs of Debian packages. All others run without these packages. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A program of a package that scripts/setup.sh installs, named in a string of the source; or openssl, which makes certificates. */
const PROGRAM =
  /from '[./]+\/src\/pki\/|['"`](?:\/usr\/s?bin\/)?(?:openssl|ovs-|ovsdb-|tshark|python3|iperf3|dhclient|udhcpc|nginx|ethtool|mnexec|unshare|nsenter|mmdebstrap|systemd-)/
const IMPORT = /\bfrom '(\.[^']+)'|\bimport '(\.[^']+)'/g
/** Files of the product itself run no such programs. */
const TEST_CODE = /^(?:test|mininet|bench)\//

/** Does one of these files, or test code that it imports, run such a program? */
export function needsPackages(files: readonly string[]): boolean {
  const seen = new Set<string>()
  const needs = (file: string): boolean => {
    if (seen.has(file) || !TEST_CODE.test(file) || !existsSync(file)) return false
    seen.add(file)
    const source = readFileSync(file, 'utf8')
    if (PROGRAM.test(source)) return true
    return [...source.matchAll(IMPORT)].some(([, from, bare]) =>
      needs(relative('.', join(file, '..', from ?? bare ?? ''))),
    )
  }
  return files.some(needs)
}
