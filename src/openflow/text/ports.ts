/** Numbers of ports, or names of reserved ones. */
import { portNamed } from './names.ts'
import { integer } from './numbers.ts'

export const parsePort = (text: string): number => portNamed(text) ?? integer(text)
