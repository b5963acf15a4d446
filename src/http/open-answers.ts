/** The answers that are being written, to end those whose caller may no longer read them: streams of events go on for days. */
import type { ServerResponse } from 'node:http'
import type { Credential } from './auth.ts'

/** How soon a stream ends after its token has expired. */
const SWEEP_INTERVAL_MS = 5_000

export class OpenAnswers {
  readonly #answers = new Map<ServerResponse, Credential>()
  readonly #timer = setInterval(() => this.endInvalid(), SWEEP_INTERVAL_MS).unref()

  add(answer: ServerResponse, credential: Credential): void {
    this.#answers.set(answer, credential)
    answer.once('close', () => this.#answers.delete(answer))
  }

  /** An answer that has not begun is not ended: its request was allowed when it came. */
  endInvalid(): void {
    for (const [answer, credential] of this.#answers) if (answer.headersSent && !credential.isValid()) answer.destroy()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
