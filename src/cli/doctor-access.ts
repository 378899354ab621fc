import type { Core } from '../core.ts'
import { createPluginStateRepository } from '../library/plugin-state-repository.ts'
import type { Finding } from './finding.ts'

const what = 'Access rules'

/** Users who see nothing because the plugin that keeps their rules gives no answer. */
export function accessFindings(core: Core): readonly Finding[] {
  const { repositories, hooks, listening, db } = core
  const states = createPluginStateRepository(db)
  const narrowing = repositories.narrowedUsers.list()
  const findings = narrowing.flatMap(({ plugin, userIds }): readonly Finding[] => {
    const state = states.find(plugin)
    const trouble =
      state?.enabled === false ? 'is switched off' : (state?.quarantine || state?.lastError) && 'does not start'
    const silent = listening === undefined ? trouble : !hooks.isAnsweredBy('access.scope', plugin)
    if (!silent) return []
    const users = userIds.length === 1 ? 'one user sees' : `${userIds.length} users see`
    return [
      {
        level: 'fail',
        what,
        found: `${users} nothing: the plugin ${plugin} keeps their rules and ${trouble || 'does not run'}`,
        advice: `Start it, or lift its rules as an administrator: DELETE /api/access-guard/${plugin}`,
      },
    ]
  })
  if (findings.length > 0 || narrowing.length === 0) return findings
  return [{ level: 'ok', what, found: narrowing.map(({ plugin }) => `kept by ${plugin}`).join(', ') }]
}
