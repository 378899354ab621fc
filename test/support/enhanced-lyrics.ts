import assert from 'node:assert/strict'

/** One `structuredLyrics` of the extension songLyrics 2, as clients read it. */
export interface Enhanced {
  readonly lang: string
  readonly synced: boolean
  readonly offset?: number
  readonly kind?: string
  readonly line: readonly { readonly start?: number; readonly value: string }[]
  readonly agents?: readonly { readonly id: string; readonly role: string; readonly name?: string }[]
  readonly cueLine?: readonly {
    readonly index: number
    readonly start?: number
    readonly end?: number
    readonly value: string
    readonly agentId?: string
    readonly cue: readonly {
      readonly start: number
      readonly end?: number
      readonly byteStart: number
      readonly byteEnd: number
      readonly value: string
    }[]
  }[]
}

/** What the specification promises of times of words. */
export function assertEnhanced(lyrics: Enhanced): void {
  assert.ok(['main', 'translation', 'pronunciation'].includes(lyrics.kind ?? ''), 'a kind')
  const { agents, cueLine = [] } = lyrics
  if (lyrics.cueLine) assert.ok(lyrics.synced && cueLine.length > 0, 'only of synced lyrics')
  if (agents) {
    assert.ok(lyrics.cueLine, 'agents only with cue lines')
    assert.equal(new Set(agents.map(({ id }) => id)).size, agents.length, 'ids are unique')
    assert.equal(agents.filter(({ role }) => role === 'main').length, 1, 'one main agent')
    for (const { role } of agents) assert.ok(['main', 'voice', 'bg', 'group'].includes(role))
  }
  const main = agents?.find(({ role }) => role === 'main')?.id
  cueLine.forEach((line, place) => {
    const before = cueLine[place - 1]
    assert.ok(line.index >= (before?.index ?? 0) && line.index < lyrics.line.length, 'lines are in order')
    if (agents) assert.ok(agents.some(({ id }) => id === line.agentId))
    else assert.equal(line.agentId, undefined)
    if (before?.index === line.index && line.agentId === main) assert.equal(before.agentId, main, 'main comes first')
    assertCues(line)
  })
}

function assertCues({ value, cue, start = 0, end }: NonNullable<Enhanced['cueLine']>[number]): void {
  const bytes = Buffer.from(value)
  assert.equal(bytes.toString(), value, 'the text can be sent as it is')
  assert.ok(cue.length > 0)
  assert.ok(
    cue.every((one) => (one.end === undefined) === (cue[0]?.end === undefined)),
    'ends on all or on none',
  )
  cue.forEach((one, place) => {
    const before = cue[place - 1]
    assert.ok(Number.isInteger(one.start) && one.start >= start, 'times are whole and inside the line')
    assert.ok(one.start >= (before?.start ?? 0) && one.start >= (before?.end ?? 0), 'cues never overlap')
    if (one.end !== undefined) assert.ok(one.end >= one.start && one.end <= (end ?? 0), 'ends come after starts')
    assert.ok(one.byteStart <= one.byteEnd && one.byteStart > (before?.byteEnd ?? -1), 'places are in order')
    assert.equal(bytes.subarray(one.byteStart, one.byteEnd + 1).toString(), one.value, 'places are bytes of UTF-8')
  })
}
