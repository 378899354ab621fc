import { createTestClock, type TestClock } from '../support/clock.ts'
import { ask, type SubsonicAnswer } from '../support/subsonic-request.ts'
import type { TestServer } from '../support/test-server.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { GIVEN_PARAMS, type Step } from './scenario.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from './world.ts'

export interface Stage {
  readonly server: TestServer
  readonly ids: Ids
  readonly clock: TestClock
  /** What an answer gave that a later step sends. */
  readonly given: { transcodeParams: string }
}

/** The server with the world of the scenario, at a time that stands still. */
export async function setStage(t?: { after(cleanup: () => Promise<void>): void }): Promise<Stage> {
  const clock = createTestClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
  const settings = { 'transcoding.engine': 'off' }
  const server = await startTestServer({ libraries: LIBRARIES, users: USERS, clock, settings }, t)
  return { server, ids: idsOf(server.core.repositories), clock, given: { transcodeParams: '' } }
}

/** One step of the scenario, in a format and for a client. */
export async function play(
  { server, given }: Stage,
  step: Step,
  as: { format: 'xml' | 'json'; client?: string },
): Promise<SubsonicAnswer> {
  const user = step.user === 'admin' ? ADMIN : USERS.find((one) => one.name === step.user)
  if (!user) throw new Error(`nobody is called ${step.user}`)
  const login = { u: user.name, p: user.password, v: '1.16.1', c: as.client ?? 'golden', f: as.format }
  const filled = Object.entries(step.query).map(([name, value]) => [
    name,
    value === GIVEN_PARAMS ? given.transcodeParams : value,
  ])
  const { body } = step
  const options = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  const answer = await ask(server.subsonic, step.endpoint, { ...login, ...Object.fromEntries(filled) }, options)
  given.transcodeParams = /transcodeParams"?[:=]"([\w-]+)"/.exec(answer.text)?.[1] ?? given.transcodeParams
  return answer
}
