/**
 * The lines about requests. Each write that was let in has one, with its id. Requests that are refused before they are looked at may
 * be as many as anybody likes, so they have one in a minute for each reason and address.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../core/network-of.ts'
import { SparingLog } from '../core/sparing-log.ts'

/** Different lines in a minute. */
const MAX_LINES = 100

/** What refused requests are answered. A 503 for another reason, such as a full disk, has a line of its own. */
const REFUSED: readonly number[] = [401, 429, 503]

export class RequestLog {
  readonly #sparing = new SparingLog(MAX_LINES)

  /** Called when a request was answered. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const { method, url, log } = request
    const { statusCode: status } = reply
    const line = { method, url, status, ms: Math.round(reply.elapsedTime * 10) / 10 }
    const isRead = method === 'GET' || method === 'HEAD'
    if (isRead || request.is404 || REFUSED.includes(status)) log.debug(line, 'request answered')
    else log.info(line, 'request answered')
    if (status === 401 || status === 429) this.#refused(request, status, line)
  }

  #refused({ ip, log }: FastifyRequest, status: number, line: object): void {
    const write = () => log.warn({ ...line, from: ip }, 'a request was refused, and others may have been')
    this.#sparing.log(`${status} ${networkOf(ip)}`, write)
  }
}
