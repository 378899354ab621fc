/** A client that takes part of an answer otherwise than it is meant. */
interface ClientQuirk {
  readonly client: string
  /** In its `User-Agent`. */
  readonly agent: RegExp
  /** A member of its requests that no other client sends: in a browser it has the browser's name. */
  readonly sends: string
  /** The status that it takes for a share that was made. */
  readonly created: number
}

/** The one list of them; what a client gets otherwise than all others is written here and nowhere else. */
const CLIENT_QUIRKS: readonly ClientQuirk[] = [
  { client: 'Feishin', agent: /\bfeishin\b/i, sends: 'expires', created: 200 },
]

const CREATED = 201

/** The status of a share that was made, as this client takes it. */
export function createdStatus(agent: string | undefined, body: object): number {
  const quirk = CLIENT_QUIRKS.find((one) => one.agent.test(agent ?? '') || Object.hasOwn(body, one.sends))
  return quirk?.created ?? CREATED
}
