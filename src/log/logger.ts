/** Events, not prose: a short message and an object with fields. Never a password, token, key or full URL. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A logger whose lines carry these fields (`room`, `plugin`). */
  child(fields: Readonly<Record<string, unknown>>): Logger
}

/** Writes nothing. For tests and tools. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}
