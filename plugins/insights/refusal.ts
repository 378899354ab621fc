import type { Reply } from 'tonearm/plugin'

/** A request that can't be answered as it stands; the words are for whoever asked. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: 400 | 403 | 404 | 409, message: string) {
    super(message)
    this.status = status
  }
}

/** Makes the refusals of a handler replies. */
export async function answering(work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'json', status: error.status, body: { error: error.message } }
    throw error
  }
}
