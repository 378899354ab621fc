import type { PluginRequest, Routes } from 'tonearm/plugin'
import { modeOf, type PreferenceStore, type Preferences } from './preferences.ts'
import { forUser, json, Refusal } from './refusal.ts'
import { LANGUAGES, languageOf } from './texts/texts.ts'
import { PLACES, topicsFor } from './topics.ts'
import { serverZone } from './zones.ts'

const ROOT = { root: true } as const
const PATH = '/api/notifications/preferences'

/** Each user's own choices: `GET` shows them with all defaults filled in, `PUT` changes what it names. */
export function addPreferenceRoutes(routes: Routes, preferences: PreferenceStore): void {
  routes.get(
    PATH,
    forUser(async (_, user) => json(shown(await preferences.of(user.row), user.isAdmin))),
    ROOT,
  )
  routes.put(
    PATH,
    forUser(async (request, user) => json(shown(await preferences.set(user.row, await bodyOf(request)), user.isAdmin))),
    ROOT,
  )
}

function shown(chosen: Preferences, isAdmin: boolean): object {
  const { language, timeZone, quiet, digest } = chosen
  const topics = Object.fromEntries(
    topicsFor(isAdmin).map((topic) => [
      topic,
      Object.fromEntries(PLACES.map((place) => [place, modeOf(chosen, topic, place)])),
    ]),
  )
  return {
    language,
    timeZone,
    serverTimeZone: serverZone(),
    quiet,
    digest,
    topics,
    titles: Object.fromEntries(topicsFor(isAdmin).map((topic) => [topic, languageOf(language).titles[topic]])),
    languages: Object.entries(LANGUAGES).map(([id, { name }]) => ({ id, name })),
  }
}

export async function bodyOf(request: PluginRequest): Promise<unknown> {
  const text = await request.text()
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(422, 'The body must be JSON.')
  }
}
