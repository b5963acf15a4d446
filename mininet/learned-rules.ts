/** Rules that a switch has made by itself, by an action `learn`. The controller does not send them. */

/** @param flow a line of `ovs-ofctl dump-flows` */
export const isLearned = (flow: string): boolean => flow.includes('cookie=0x6c726e64')
