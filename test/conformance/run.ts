import { scenario } from '../subsonic/scenario.ts'
import { play, setStage } from '../subsonic/story.ts'
import { ask } from '../support/subsonic-request.ts'
import { ADMIN } from '../support/test-server.ts'
import { readApiDescription } from './api-description.ts'
import { checkAgainstXmlSchema, type XmlAnswer } from './xml-schema.ts'

/**
 * Checks the answers of the running server against the OpenAPI description and the XML schema in the folder named by the
 * first argument: `npm run conformance -- <folder>`.
 */

/** Answers that the description of JSON doesn't hold: data, and what is older than it. */
const DATA_ONLY: ReadonlySet<string> = new Set([
  'stream',
  'download',
  'getCoverArt',
  'getAvatar',
  'getCaptions',
  'getTranscodeStream',
  'hls.m3u8',
])

/** Elements that the schema 1.16.1 doesn't know; legacy clients don't ask for them. */
const YOUNGER: ReadonlySet<string> = new Set([
  'getOpenSubsonicExtensions',
  'tokenInfo',
  'getLyricsBySongId',
  'getPlayQueueByIndex',
  'getTranscodeDecision',
  'getSonicSimilarTracks',
  'findSonicPath',
])

async function main(folder: string): Promise<readonly string[]> {
  const api = readApiDescription(folder)
  const stage = await setStage()
  const problems: string[] = []
  const xml: XmlAnswer[] = []
  const covered = new Set<string>()
  try {
    for (const step of scenario(stage.ids)) {
      covered.add(step.endpoint)
      stage.clock.advance(1000)
      const known = !DATA_ONLY.has(step.endpoint) && api.endpoints.includes(step.endpoint)
      if (!step.binary) {
        const { text } = await play(stage, step, { format: 'json' })
        // Failures look alike everywhere; those of data endpoints are described by ping's answer.
        const found = api.check(known ? step.endpoint : 'ping', JSON.parse(text))
        problems.push(...found.map((problem) => `${step.name} (JSON): ${problem}`))
        if (text.includes('The server failed')) problems.push(`${step.name}: the server failed`)
      }
      if (!step.writes && !step.binary && !YOUNGER.has(step.endpoint)) {
        xml.push({ name: step.name, xml: (await play(stage, step, { format: 'xml', client: 'DSub' })).text })
      }
    }
    const { user, key } = await keyOfAdmin(stage)
    covered.add('tokenInfo')
    const info = await ask(stage.server.subsonic, 'tokenInfo', { apiKey: key, v: '1.16.1', c: user, f: 'json' })
    problems.push(...api.check('tokenInfo', JSON.parse(info.text)).map((problem) => `tokenInfo (JSON): ${problem}`))
    const untried = api.endpoints.filter((name) => !covered.has(name))
    problems.push(...untried.map((name) => `${name} is in the description, but not in the table`))
    const missing = stage.server.subsonic.endpoints().filter(({ name }) => !covered.has(name))
    problems.push(...missing.map(({ name }) => `${name} is in the table, but no step of the scenario asks it`))
  } finally {
    await stage.server.stop()
  }
  const found = await checkAgainstXmlSchema(folder, xml)
  problems.push(...found.map((problem) => `legacy XML: ${problem}`))
  process.stdout.write(
    `${covered.size} endpoints in JSON, ${xml.length} legacy XML answers: ${problems.length} problems\n`,
  )
  return problems
}

async function keyOfAdmin({ server }: Awaited<ReturnType<typeof setStage>>) {
  const { accounts } = server.core
  const admin = accounts.find(ADMIN.name)
  if (!admin) throw new Error('there is no administrator')
  return { user: admin.name, key: accounts.createApiKey(admin.id, 'conformance').key }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('Name the folder that holds opensubsonic-openapi.json, its fixes and the XML schema.\n')
  process.exitCode = 2
} else {
  const problems = await main(folder)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
