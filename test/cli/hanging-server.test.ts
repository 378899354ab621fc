import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { LAUNCHER_FILE } from '../../src/cli/launcher-beat.ts'
import { runtimeFolder } from '../../src/plugin/containment/runtime-folder.ts'
import { buildOnce } from '../support/build-once.ts'
import { writePlugin } from '../support/plugin-folder.ts'
import { cleanEnv, runProgram, startProgram, watch } from '../support/program.ts'
import { tempFolder } from '../support/temp-database.ts'

const PASSWORD = 'a password of tests'
const LOGIN = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` }
const PERMISSIONS = ['routes', 'routes:public', 'node:fs']
/** Long enough that only a signal ends what loops, and no test waits for it. */
const NEVER = '1h'
const skip = runtimeFolder('/nowhere', process.env) === undefined && 'no folder in memory on this machine'

const LOOPS = {
  'in a route': '/now',
  'after an await': '/later',
} as const

/** The launcher in a process group of its own, as a terminal has it, with a plugin that loops when it is asked to. */
async function launch(t: TestContext, settings: Readonly<Record<string, string>>, lastHome?: string) {
  const home = lastHome ?? tempFolder(t, 'tonearm-hanging-')
  const data = join(home, 'data')
  // A value that is named like a command.
  mkdirSync(join(home, 'scan'), { recursive: true })
  for (const name of ['loopy', 'other'])
    writePlugin(join(data, 'plugins'), name, {
      permissions: PERMISSIONS,
      setup: `
        ctx.routes.get('/now', () => { for (;;); }, { auth: 'public' })
        ctx.routes.get('/later', async () => { await new Promise((go) => setTimeout(go, 1)); for (;;); }, { auth: 'public' })
        ctx.routes.get('/busy', () => { while (!require('node:fs').existsSync(${JSON.stringify(join(home, 'release'))})); return { kind: 'text', body: '' } }, { auth: 'public' })
        ctx.routes.get('/fine', () => ({ kind: 'text', body: 'here' }), { auth: 'public' })`,
    })
  const args = ['--music', 'scan', '--data', data, '--host', '127.0.0.1', '--port', '0']
  const env = {
    TONEARM_SCANNER_WATCH: 'off',
    TONEARM_ADMIN_PASSWORD: PASSWORD,
    XDG_RUNTIME_DIR: '/dev/shm',
    ...settings,
  }
  const child = spawn('sh', [resolve('src/launch.sh'), ...args], {
    cwd: home,
    env: cleanEnv(home, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const program = watch(child)
  const group = (signal: NodeJS.Signals) => process.kill(-program.pid, signal)
  t.after(() => {
    try {
      group('SIGKILL')
    } catch {
      // All of it has ended.
    }
  })
  const listening = async (nth: number) => {
    const line = '"url":"([^"]+)"[^\\n]*"msg":"listening"[^]*'
    return (await program.until(new RegExp(line.repeat(nth))))[nth] as string
  }
  const grant = async (url: string) => {
    for (const name of ['loopy', 'other']) {
      const body = JSON.stringify({ granted: PERMISSIONS })
      const answer = await fetch(`${url}/api/plugin/${name}`, { method: 'PUT', headers: LOGIN, body })
      assert.equal(((await answer.json()) as { state: string }).state, 'active')
    }
  }
  const stateOf = async (url: string, name: string) =>
    (await (await fetch(`${url}/api/plugin/${name}`, { headers: LOGIN })).json()) as Record<string, string>
  const url = await listening(1)
  if (lastHome === undefined) await grant(url)
  /** Nothing answers from then on. */
  const loop = async (path: string, plugin = 'loopy') => {
    fetch(`${url}/plugins/${plugin}${path}`).catch(() => {})
    while (
      await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1000) }).then(
        () => true,
        () => false,
      )
    );
  }
  const command = (...words: readonly string[]) => runProgram([...words, '--data', data], home, { env })
  return { home, program, group, url, listening, stateOf, loop, command }
}

const LAUNCHER_FILE_OF = new RegExp(`${LAUNCHER_FILE}=([^\\0]+)`)

/** Where the server of this launcher shows that it lives. */
function launcherFolder(pid: number): string {
  const [server] = childrenOf(pid)
  return dirname(LAUNCHER_FILE_OF.exec(readFileSync(`/proc/${server}/environ`, 'latin1'))?.[1] ?? '')
}

const briefly = () => new Promise((go) => setTimeout(go, 50))

/** A `PATH` in which this tool is another program. */
function pathWith(t: TestContext, tool: string, script: string): string {
  const folder = tempFolder(t, 'tonearm-tool-')
  writeFileSync(join(folder, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return `${folder}:${process.env.PATH}`
}

const childrenOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')

/** One that has ended and that nobody has buried yet does not. */
function lives(pid: string | undefined): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

describe('a server that hangs, without systemd', { skip }, () => {
  before(buildOnce)

  test('is ended and starts again without the plugin that loops in a route', async (t) => {
    const { program, listening, stateOf, loop } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: '4s' })
    await loop('/now')
    await program.until(/^tonearm: the server hangs: the plugin loopy has let nothing else run for \d+ seconds\./m)
    const url = await listening(2)
    while ((await stateOf(url, 'loopy')).state === 'discovered');
    assert.equal((await stateOf(url, 'loopy')).state, 'quarantined')
    assert.doesNotMatch(program.stderr, /Killed/)
    assert.equal(await (await fetch(`${url}/plugins/other/fine`)).text(), 'here')
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })

  test('is ended and starts again after a loop that no plugin is known for', async (t) => {
    const { program, listening, loop } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: '4s' })
    await loop('/later')
    await program.until(/^tonearm: the server hangs: nothing has run for \d+ seconds, and no plugin is known for it\./m)
    const url = await listening(2)
    assert.equal(await (await fetch(`${url}/plugins/other/fine`)).text(), 'here')
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })

  for (const [where, path] of Object.entries(LOOPS))
    test(`Ctrl+C ends it while a plugin loops ${where}, and commands tell that it hangs`, async (t) => {
      const { program, group, loop, command } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: NEVER })
      await loop(path)
      const { code, stderr } = command('plugin', 'list')
      assert.equal(code, 1)
      assert.match(
        stderr,
        path === '/now' ? /^tonearm: The server hangs in the plugin loopy, / : /^tonearm: The server hangs: /,
      )
      group('SIGINT')
      assert.equal(await program.ended, 130)
      assert.match(program.stderr, /^tonearm: the server hangs: /m)
    })

  test('a signal to the launcher alone stops a server that hangs, and one that works in order', async (t) => {
    for (const path of [undefined, '/now']) {
      const { program, loop } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: NEVER })
      if (path) await loop(path)
      program.kill('SIGTERM')
      assert.equal(await program.ended, path ? 143 : 0)
      if (path === undefined) assert.match(program.stdout, /"msg":"stopped"/)
    }
  })

  test('Ctrl+C in a terminal, which tells both, is one press', async (t) => {
    const { program, group } = await launch(t, {})
    group('SIGINT')
    assert.equal(await program.ended, 0)
    assert.match(program.stdout, /"msg":"stopped"/)
    assert.equal(program.stderr, '')
  })

  test('a server ends with its launcher when that is killed, and nothing is left behind', async (t) => {
    const { program } = await launch(t, {})
    const [server] = childrenOf(program.pid)
    const folder = launcherFolder(program.pid)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    program.kill('SIGKILL')
    assert.equal(await program.ended, 'SIGKILL')
    while (lives(server)) await briefly()
    while (existsSync(folder)) await briefly()
  })

  test('a plugin that is merely busy at a stop may end its work', async (t) => {
    const { home, program, loop } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: NEVER })
    const mark = join(launcherFolder(program.pid), 'mark')
    await loop('/busy')
    // The look that begins with the stop, and the next one: no sign of life has come in between.
    let at = statSync(mark).mtimeMs
    program.kill('SIGTERM')
    for (let looks = 0; looks < 2; looks++) {
      while (statSync(mark).mtimeMs === at) await briefly()
      at = statSync(mark).mtimeMs
    }
    writeFileSync(join(home, 'release'), '')
    assert.equal(await program.ended, 0)
    assert.match(program.stdout, /"msg":"stopped"/)
    assert.equal(program.stderr, '')
  })

  test('a second Ctrl+C ends at once what hangs, and the next start blames nobody', async (t) => {
    const settings = { TONEARM_PLUGINS_HANG_LIMIT: NEVER }
    const { home, program, loop } = await launch(t, settings)
    await loop('/now')
    let over = false
    const ended = program.ended.finally(() => {
      over = true
    })
    while (!over) {
      program.kill('SIGINT')
      await Promise.race([ended, new Promise((go) => setTimeout(go, 500))])
    }
    assert.equal(await ended, 130)
    const again = await launch(t, settings, home)
    while ((await again.stateOf(again.url, 'loopy')).state === 'discovered');
    assert.equal((await again.stateOf(again.url, 'loopy')).state, 'active')
    again.program.kill('SIGTERM')
    assert.equal(await again.program.ended, 0)
  })

  test('a signal while the server is being started is not lost', async (t) => {
    const home = tempFolder(t, 'tonearm-hanging-')
    // Whichever tool the launcher uses first, it stands in it when the signal comes.
    const path = pathWith(
      t,
      'stat',
      `: >'${home}/standing'; while [ ! -e '${home}/go' ]; do sleep 0.05; done; echo tmpfs`,
    )
    const args = ['--music', home, '--data', join(home, 'data'), '--host', '127.0.0.1', '--port', '0']
    const program = startProgram(args, home, { env: { PATH: path } })
    t.after(() => program.kill('SIGKILL'))
    while (!existsSync(join(home, 'standing'))) await briefly()
    program.kill('SIGTERM')
    writeFileSync(join(home, 'go'), '')
    assert.equal(await program.ended, 143)
    assert.equal(program.stdout, '')
  })

  test('a signal at the very start of the server is not lost', async () => {
    for (let round = 0; round < 10; round++) {
      const script = 'kill -TERM "$PPID"; exec sleep 3600'
      const program = watch(spawn('sh', [resolve('src/supervise.sh'), 'sh', '-c', script], { stdio: 'pipe' }))
      assert.equal(await program.ended, 143)
    }
  })

  test('it goes on watching when its folder is emptied, as a logout may', async (t) => {
    const { program, listening, loop } = await launch(t, { TONEARM_PLUGINS_HANG_LIMIT: '4s' })
    const folder = launcherFolder(program.pid)
    rmSync(folder, { recursive: true })
    await loop('/now')
    await program.until(/^tonearm: the server hangs: the plugin loopy /m)
    await listening(2)
    assert.notEqual(launcherFolder(program.pid), folder)
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })

  test('nothing is written where no memory is', async (t) => {
    const { program } = await launch(t, { PATH: pathWith(t, 'stat', 'echo ext2/ext3') })
    assert.doesNotMatch(readFileSync(`/proc/${program.pid}/environ`, 'latin1'), LAUNCHER_FILE_OF)
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })

  test('what systemd wants of another process does not count', async (t) => {
    const { program } = await launch(t, { WATCHDOG_USEC: '180000000', WATCHDOG_PID: '1' })
    assert.match(launcherFolder(program.pid), /tonearm-beat/)
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })

  test('systemd is left to watch alone', async (t) => {
    const { program } = await launch(t, { WATCHDOG_USEC: '180000000' })
    assert.doesNotMatch(readFileSync(`/proc/${program.pid}/environ`, 'latin1'), new RegExp(LAUNCHER_FILE))
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  })
})
