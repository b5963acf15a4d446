/**
 * Reads the pages of an LMDB database, as `mdb.c` lays them out, without LMDB. LMDB maps the file into memory and trusts what it
 * finds: a page beyond the end of a file that was cut, or a number that was flipped, would end the process.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The file is damaged. The message says what is wrong, as the end of a sentence. */
export class Damage extends Error {}

const MAGIC = 0xbeefc0de
/** The lower half; the upper half has flags of the program that wrote it. */
const DATA_VERSION = 2
const MIN_PAGE_OCTETS = 512
const MAX_PAGE_OCTETS = 65_536
/** MDB_page_header: number and transaction (64 bits each), pad, flags, and the bounds of the free space (16 bits each). */
export const HEADER_OCTETS = 24
const META_FLAG = 0x08
/** MDB_db: pad, flags, depth, three counts of pages, the number of entries, the root. */
const TREE_OCTETS = 48
/** The root of a tree without entries. */
const NO_PAGE = 2n ** 64n - 1n

/** The offsets of fields in MDB_meta. */
const META = {
  magic: 0,
  version: 4,
  address: 8,
  map: 16,
  free: 24,
  main: 24 + TREE_OCTETS,
  lastPage: 120,
  transaction: 128,
} as const
const META_OCTETS = 136

/** The flags of the tree of free pages, with those of the whole database: its keys are numbers, and nothing else is special. */
const FREE_FLAGS = 0x08
/** Flags of the other tree that change how LMDB reads it. Plugboard's has none of them. */
const SPECIAL_FLAGS = 0xfeff
/** No database is larger. */
const MAX_MAP_OCTETS = 2n ** 47n

export interface Tree {
  readonly flags: number
  readonly depth: number
  readonly entries: number
  /** null: the tree is empty. */
  readonly root: number | null
}

/** The state of a database after its last transaction. */
export interface Meta {
  readonly pageOctets: number
  readonly lastPage: number
  readonly transaction: bigint
  /** The pages that are not used, by transaction. */
  readonly free: Tree
  readonly main: Tree
}

export class PageFile {
  readonly meta: Meta
  /** The pages that are in the file as a whole. */
  readonly pages: number
  readonly #descriptor: number

  /** @throws Damage; the system's error: EACCES, … */
  constructor(file: string, flags: 'r' | 'r+') {
    this.#descriptor = openSync(file, flags)
    try {
      const { size } = fstatSync(this.#descriptor)
      if (size === 0) throw new Damage('is empty')
      this.meta = this.#readMeta(size)
      this.pages = Math.floor(size / this.meta.pageOctets)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Reads pages that follow each other. @throws Damage if the file ends before */
  read(number: number, count = 1): Buffer {
    const { pageOctets, lastPage } = this.meta
    if (number < 2 || number + count - 1 > lastPage) throw new Damage(`is damaged: it has no page ${number}`)
    if (number + count > this.pages) throw new Damage(`is cut short: it ends before page ${number + count - 1}`)
    const bytes = this.#bytes(number * pageOctets, count * pageOctets)
    if (bytes.readBigUInt64LE(0) !== BigInt(number)) throw new Damage(`is damaged: page ${number} has another number`)
    return bytes
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** Two pages take turns to describe the state. The one with the later transaction counts. */
  #readMeta(size: number): Meta {
    const first = this.#metaAt(0, 0n)
    if (size < 2 * first.pageOctets) throw new Damage('is cut short: it ends within its first two pages')
    const second = this.#metaAt(first.pageOctets, 1n)
    if (first.pageOctets !== second.pageOctets) throw new Damage('is damaged: its first two pages differ in their size')
    const [a, b] = [first.transaction, second.transaction]
    const isNew = a === 0n && b === 0n
    // Each transaction is written over the last but one: even ones to the first page, odd ones to the second.
    const follow = a % 2n === 0n && b % 2n === 1n && (a - b === 1n || b - a === 1n)
    if (!isNew && !follow) throw new Damage('is damaged: its first two pages do not belong together')
    return a > b ? first : second
  }

  #metaAt(offset: number, number: bigint): Meta {
    const bytes = this.#bytes(offset, HEADER_OCTETS + META_OCTETS)
    const meta = bytes.subarray(HEADER_OCTETS)
    const isMeta = meta.readUInt32LE(META.magic) === MAGIC && (bytes.readUInt16LE(18) & META_FLAG) !== 0
    if (!isMeta || bytes.readBigUInt64LE(0) !== number) throw new Damage('is not a database, or a damaged one')
    if ((meta.readUInt32LE(META.version) & 0xffff) !== DATA_VERSION) {
      throw new Damage('is a database of another version of LMDB, or a damaged one')
    }
    // The pad of the first tree has the size of pages.
    const pageOctets = meta.readUInt32LE(META.free)
    const isSize =
      pageOctets >= MIN_PAGE_OCTETS && pageOctets <= MAX_PAGE_OCTETS && (pageOctets & (pageOctets - 1)) === 0
    if (!isSize) throw new Damage('is damaged: its pages have no size that is possible')
    const [free, main] = [treeAt(meta.subarray(META.free)), treeAt(meta.subarray(META.main))]
    const map = meta.readBigUInt64LE(META.map)
    const isMapped = meta.readBigUInt64LE(META.address) === 0n && map > 0n && map <= MAX_MAP_OCTETS
    if (!isMapped || free.flags !== FREE_FLAGS || (main.flags & SPECIAL_FLAGS) !== 0) {
      throw new Damage('is damaged, or no database of Plugboard')
    }
    return {
      pageOctets,
      lastPage: numberOf(meta.readBigUInt64LE(META.lastPage)),
      transaction: meta.readBigUInt64LE(META.transaction),
      free,
      main,
    }
  }

  #bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    if (readSync(this.#descriptor, bytes, 0, length, offset) < length) throw new Damage('is cut short')
    return bytes
  }
}

function treeAt(bytes: Buffer): Tree {
  const root = bytes.readBigUInt64LE(40)
  return {
    flags: bytes.readUInt16LE(4),
    depth: bytes.readUInt16LE(6),
    entries: numberOf(bytes.readBigUInt64LE(32)),
    root: root === NO_PAGE ? null : numberOf(root),
  }
}

/** @throws Damage if it is larger than any count or page number can be */
export function numberOf(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Damage('is damaged: it has a number that is not possible')
  return Number(value)
}
