import { cueLines, type SungLine } from '../../base/lyrics/cue-lines.ts'
import { languageTag, UNKNOWN_LANGUAGE } from '../../base/lyrics/lyrics-text.ts'
import type { LyricsAnswer } from '../../hooks/hooks.ts'
import type { EmbeddedLyrics } from '../../library/entities.ts'

const MAX_ANSWERS = 10
const MAX_LINES = 10_000
const MAX_LINE = 2_000

/** What plugins answered, within bounds; times of words are put in order like those of files. */
export function boundedAnswers(answers: readonly LyricsAnswer[]): readonly EmbeddedLyrics[] {
  return answers.slice(0, MAX_ANSWERS).map(bounded)
}

function bounded(answer: LyricsAnswer): EmbeddedLyrics {
  const lines = answer.lines.slice(0, MAX_LINES)
  const synced = answer.synced && lines.every(({ ms }) => typeof ms === 'number' && ms >= 0)
  return {
    lang: languageTag(answer.lang) ?? UNKNOWN_LANGUAGE,
    synced,
    offsetMs: Math.trunc(answer.offsetMs ?? 0) || 0,
    lines: lines.map(({ ms, text }) => {
      const words = String(text).slice(0, MAX_LINE)
      return synced && ms !== undefined ? { ms: Math.trunc(ms), text: words } : { text: words }
    }),
    ...(answer.kind === undefined || answer.kind === 'main' ? {} : { kind: answer.kind }),
    ...(synced ? timesOf(answer, lines.length) : {}),
  }
}

function timesOf({ cueLines: told = [], agents = [] }: LyricsAnswer, lines: number) {
  const cast = [...agents].sort((a, b) => Number(b.role === 'main') - Number(a.role === 'main'))
  const behind = new Set(cast.filter(({ role }) => role === 'bg').map(({ id }) => id))
  const sung: SungLine[] = told.slice(0, MAX_LINES * 2).flatMap(({ index, ms, endMs, text, agentId, cues }) => {
    if (!Number.isInteger(index) || index < 0 || index >= lines) return []
    const words = text.slice(0, MAX_LINE)
    const place = (value: number) => Math.min(Math.max(Math.trunc(value), 0), words.length)
    return [
      {
        index,
        ...timed({ ms, endMs }),
        text: words,
        ...(agentId === undefined ? {} : { voice: agentId, background: behind.has(agentId) }),
        parts: cues.map((cue) => ({ ms: 0, ...timed(cue), from: place(cue.from), to: place(cue.to) })),
      },
    ]
  })
  return cueLines(
    sung,
    new Map(cast.map(({ id, name, role }) => [id, { ...(name ? { name } : {}), isGroup: role === 'group' }])),
  )
}

function timed({ ms, endMs }: { readonly ms?: number | undefined; readonly endMs?: number | undefined }) {
  return {
    ...(ms === undefined ? {} : { ms: Math.max(0, Math.trunc(ms)) }),
    ...(endMs === undefined ? {} : { endMs: Math.max(0, Math.trunc(endMs)) }),
  }
}
