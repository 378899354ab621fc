import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { programVersion } from '../../src/config/version.ts'
import { scenario } from './scenario.ts'
import { play, type Stage, setStage } from './story.ts'

/**
 * The answers of the whole scenario, compared with those that were read line by line and kept. To change one on purpose,
 * delete its file, run with GOLDEN=write, and read what was written.
 */
const FOLDER = fileURLToPath(new URL('../golden/', import.meta.url))

let stage: Stage
before(async () => {
  stage = await setStage()
})
after(() => stage?.server.stop())

test('every endpoint answers as it did, in JSON and XML', { timeout: 120_000 }, async (t) => {
  const used = new Set<string>()
  for (const step of scenario(stage.ids)) {
    for (const format of step.writes ? (['json'] as const) : (['json', 'xml'] as const)) {
      const answer = await play(stage, step, { format })
      if (step.binary) {
        assert.notEqual(answer.reply.kind, 'parts', step.name)
        assert.equal(answer.status, 200, step.name)
        continue
      }
      const file = `${step.name}.${format}`
      used.add(file)
      await t.test(file, () => compare(file, pretty(answer.text, format)))
    }
    stage.clock.advance(1000)
  }
  await t.test('no golden answer is left over', () => {
    assert.deepEqual(
      readdirSync(FOLDER).filter((name) => !used.has(name)),
      [],
    )
  })
})

function compare(file: string, text: string): void {
  const path = FOLDER + file
  if (!existsSync(path) && process.env.GOLDEN === 'write') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(path, text)
  }
  assert.ok(existsSync(path), `there is no golden answer ${file}: run with GOLDEN=write and read it`)
  assert.equal(text, readFileSync(path, 'utf8'))
}

/**
 * One thing a line, so that differences can be read. The program's version changes with each release, those of covers
 * with the times of the picture files, agreements with each server's key.
 */
function pretty(text: string, format: 'json' | 'xml'): string {
  const timeless = text
    .replaceAll(`"${programVersion()}"`, '"VERSION"')
    .replace(/(\/api\/picture\?of=)[\w.-]+/g, '$1PICTURE')
    .replace(/(overArt"?[=:]"[a-z0-9]+)_[0-9a-f]+"/g, '$1_COVER"')
    .replace(/(transcodeParams"?[=:]")[\w-]+"/g, '$1PARAMS"')
  if (format === 'json') return `${JSON.stringify(JSON.parse(timeless), null, 1)}\n`
  return `${timeless.replaceAll('><', '>\n<')}\n`
}
