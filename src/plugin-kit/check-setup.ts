import { type Finding, fail, ok, warn } from './finding.ts'
import type { TestHost } from './testing/test-host.ts'

/** Makes a test host: the real one, which only the caller's bundle holds. */
export type HostMaker = () => Promise<TestHost>

const SLOW_MS = 1000
const RELOADS = 3

/** Starts the plugin in a test host as a server would, reloads it, takes it out, and looks at what is left. */
export async function checkSetup(folder: string, name: string, makeHost: HostMaker): Promise<readonly Finding[]> {
  const host = await makeHost()
  try {
    const findings: Finding[] = []
    let quickest = Number.POSITIVE_INFINITY
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const started = performance.now()
      const result = await work()
      quickest = Math.min(quickest, performance.now() - started)
      return result
    }
    const plugin = await timed(() => host.load(folder))
    const counts = Object.entries(plugin.registered).filter(([, count]) => count > 0)
    const told = counts.map(([kind, count]) => `${count} ${kind}${count > 1 ? 's' : ''}`).join(', ')
    findings.push(
      counts.length > 0
        ? ok('Start', told)
        : warn('Start', 'it registers nothing: nobody will notice that it is there'),
    )
    for (let count = 0; count < RELOADS; count++) await timed(() => plugin.reload())
    // One that is slow is so each time; a busy machine is not.
    if (quickest > SLOW_MS)
      findings.push(warn('Start', `it takes ${Math.round(quickest)} ms`, 'leave slow work to a schedule'))
    await host.assertNoLeaks(name)
    findings.push(ok('End', `nothing is left after ${RELOADS} reloads and its end`))
    for (const { message, fields } of host.logged.filter((line) => line.message === 'plugin registration ignored'))
      findings.push(fail('Start', `${message}: ${String(fields.conflict)}`))
    return findings
  } catch (error) {
    return [fail('Start', error instanceof Error ? error.message : String(error))]
  } finally {
    await host.dispose()
  }
}
