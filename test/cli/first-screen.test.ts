import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { makeMusicLibrary } from '../support/music-library.ts'
import { cleanEnv, scratch, watch } from '../support/program.ts'

const home = scratch(after)
const skip = spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0 && 'no script(1)'

/** The command and the screen that README.md shows first. */
function shown(): { readonly command: string; readonly screen: string } {
  const [, command = '', screen = ''] =
    /```sh\n.*&& (npm start .*)\n```\n\n```text\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? []
  return { command, screen }
}

/** What a terminal showed, line for line: what was taken away again stands where it was last. */
function linesOf(output: string): readonly string[] {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[a-zA-Z]`, 'g')
  return output.split('\n').flatMap((line) => {
    const states = line.replace(/\r$/, '').replace(escapes, '').split('\r')
    const bar = states.findLast((state) => state.startsWith('Scanning'))
    const last = states.at(-1) ?? ''
    return bar === undefined || last === bar ? [last] : [bar, last]
  })
}

/** Without what differs from machine to machine; of some addresses one stands for all, and so does a blank line. */
function masked(lines: readonly string[]): readonly string[] {
  const plain = lines.map((line) =>
    line
      .trimEnd()
      .replace(/^(\s+)(Address for your client:\s+)?http:\S+$/, '$1ADDRESS')
      .replace(/(Password:\s+)\S+/, '$1PASSWORD')
      .replace(/\/\S*\/Music\b/, 'MUSIC')
      .replace(/(Data:\s+)\S*\/\.local/, '$1HOME/.local')
      .replace(/[█░]+\s+\d+ %/, 'BAR')
      .replace(/\d+/g, 'N')
      .replace(/ {2}N a second/, ''),
  )
  const same = (line: string, other: string | undefined) =>
    line.trim() === other?.trim() && /^(ADDRESS)?$/.test(line.trim())
  return plain.filter((line, at) => !same(line, plain[at - 1]))
}

test("the first screen is that of README.md, word for word, with README's command in an empty home", {
  skip,
}, async (t) => {
  const { command, screen } = shown()
  assert.match(command, /--music ~\/Music$/)
  mkdirSync(join(home, 'Music'))
  const songs = Array.from({ length: 120 }, (_, n) => [
    `Album ${n % 3}/${n}.mp3`,
    { title: `Song ${n}`, artist: 'Ann', album: `Album ${n % 3}` },
  ])
  await makeMusicLibrary(join(home, 'Music'), Object.fromEntries(songs))
  const child = spawn('script', ['-qfec', `${command} --port 0`, '/dev/null'], {
    cwd: resolve('.'),
    env: cleanEnv(home, { TERM: 'xterm', npm_config_update_notifier: 'false', npm_config_loglevel: 'silent' }),
  })
  t.after(() => child.kill('SIGKILL'))
  const program = watch(child)
  await program.until(/Ready\./)
  const lock = join(home, '.local', 'share', 'tonearm', 'tonearm.lock')
  const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }
  process.kill(pid, 'SIGINT')
  await program.ended
  const lines = linesOf(program.stdout)
  const first = lines.findIndex((line) => line.includes('is listening'))
  const last = lines.findIndex((line) => line.includes('Ready.'))
  const wanted = masked(screen.trimEnd().split('\n'))
  const came = masked(lines.slice(first, last + 1))
  // A scan may be over before its bar was drawn.
  const withoutBar = (some: readonly string[]) => masked(some.filter((line) => !line.startsWith('Scanning')))
  if (came.some((line) => line.startsWith('Scanning'))) assert.deepEqual(came, wanted)
  assert.deepEqual(withoutBar(came), withoutBar(wanted))
})
