/** For what isn't a connection: database, children, watched folders, a scan, and the time limits around plugins. */
const RESERVE = 192
/** What a connection needs while it is served: itself, and the file that goes out. */
const PER_CONNECTION = 2
const FEWEST = 16
/** Memory bounds them too. */
const MOST = 4096

/** How many connections fit under a limit of descriptors; undefined = not known. */
export function connectionsWithin(descriptors: number | undefined): number {
  const fitting = Math.floor(((descriptors ?? Number.POSITIVE_INFINITY) - RESERVE) / PER_CONNECTION)
  return Math.min(MOST, Math.max(FEWEST, fitting))
}

/**
 * From here on replies end their connection, so that those who ask are served one after another while those who only
 * hold a connection come to the end of their time.
 */
export function isCrowded(connections: number, most: number): boolean {
  return connections > most - Math.floor(most / 8)
}
