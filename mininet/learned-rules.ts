/** Rules that a switch has made by itself, by an action `learn`: no controller asks for them. */

/** @param flow as `ovs-ofctl dump-flows` has it */
export const isLearned = (flow: string): boolean => flow.includes('cookie=0x6c726e64')
