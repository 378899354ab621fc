import type { Core } from '../core.ts'
import type { Finding } from './finding.ts'

const what = 'Plugins'

/** Plugins of the running server that need somebody. */
export function pluginFindings({ plugins, listening, config }: Core): readonly Finding[] {
  if (!plugins) {
    const off = listening !== undefined && !config.plugins.enabled
    return off ? [{ level: 'ok', what, found: 'off' }] : []
  }
  const findings: Finding[] = []
  if (plugins.safeMode) {
    const found = 'safe mode: only plugins that came with Tonearm run'
    findings.push({
      level: 'warn',
      what,
      found,
      advice: 'Reload the others one by one to find the guilty, or restart.',
    })
  }
  const list = plugins.list()
  for (const { name, state, lastError } of list) {
    const found = `${name}: ${lastError || state}`
    if (state === 'failed' || state === 'incompatible')
      findings.push({ level: 'warn', what, found, advice: `Update it, or: tonearm plugin disable ${name}` })
    if (state === 'quarantined')
      findings.push({ level: 'warn', what, found, advice: `Try it again: tonearm plugin reload ${name}` })
    if (state === 'needs-grant')
      findings.push({ level: 'warn', what, found, advice: `Look and let it: tonearm plugin grant ${name}` })
  }
  const missing = config.plugins.required.filter((name) => !list.some((one) => one.name === name))
  for (const name of missing) {
    const advice = 'Install it, or take it from plugins.required: until then nobody hears anything.'
    findings.push({ level: 'fail', what, found: `${name} is required and not there`, advice })
  }
  if (findings.length > 0) return findings
  return [{ level: 'ok', what, found: list.map(({ name }) => name).join(', ') || 'none' }]
}
