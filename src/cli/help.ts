import type { Command } from './arguments.ts'

const COMMON = `
  -d, --data DIR       the data folder (database, keys, config.yaml)
  -c, --config FILE    settings from this file
      --set NAME=VALUE any setting, such as --set log.level=debug; config/default.yaml lists them
  -h, --help           this text`

const TEXTS: Readonly<Record<Command, string>> = {
  serve: `Usage: tonearm [serve] [--music DIR]... [options]

Serves the music to Subsonic clients until it is stopped.

  -m, --music DIR      a music folder; once or several times
      --host ADDRESS   where to listen (0.0.0.0); unix:/path for a socket
  -p, --port NUMBER    where to listen (4533)
  -v, --version        tells the version${COMMON}

Signals: SIGTERM and SIGINT stop it, a second one at once; SIGUSR1 looks for new music.`,
  scan: `Usage: tonearm scan [--full] [--accept-missing] [--library NAME]... [options]

Looks for new, changed and vanished files; through the running server, if there is one.

  -f, --full           reads the tags of all files again
      --accept-missing confirms that what is gone is gone, for a library that looked lost
  -l, --library NAME   only this library (name or number); once or several times
  -m, --music DIR      a music folder, when no server runs
      --json           the result as JSON${COMMON}`,
  user: `Usage: tonearm user add NAME [--admin] [--library NAME]...
       tonearm user passwd|remove NAME
       tonearm user list [--json]
       tonearm user keys add NAME [--name WHAT_FOR]
       tonearm user keys list NAME [--json]
       tonearm user keys revoke NAME KEY_ID

Passwords are asked for on the terminal. Without one they are read from TONEARM_USER_PASSWORD or standard input.
API keys are for clients that can do without a password; a key is shown once.

      --admin          may do everything
  -l, --library NAME   may hear only this library (name or number); once or several times
      --name TEXT      what the key is for, such as "car radio"${COMMON}`,
  plugin: `Usage: tonearm plugin list [--json]
       tonearm plugin add FOLDER|FILE.tgz
       tonearm plugin grant NAME [PERMISSION]...
       tonearm plugin enable|disable|reload|remove NAME
       tonearm plugin rescan
       tonearm plugin new NAME [--dir DIR]
       tonearm plugin build [DIR]
       tonearm plugin check [DIR] [--json]

Plugins that did not come with Tonearm start when an administrator has granted what they ask for; grant without
permissions grants all. reload also tries one again that was set aside.

For authors: new writes a plugin that works, with its test; build bundles it to dist/plugin.js and dist/plugin.json;
check finds what would break when it is published. plugins/README.md has the tutorial.

      --dir DIR        the folder (new: NAME; else: this one)
      --json           as JSON${COMMON}`,
  doctor: `Usage: tonearm doctor [options]

Checks settings, folders, disk space, database, ffmpeg, pictures, watching and clock, and says what to do.
Its exit is 0 unless something fails.

      --json           the findings as JSON${COMMON}`,
  backup: `Usage: tonearm backup [FOLDER] [options]

Makes a new folder with a consistent copy of the database, the keys and config.yaml; also while the server runs.
Without FOLDER: a folder named after the time, where backup.path says. The music is not copied.
${COMMON}`,
  restore: `Usage: tonearm restore FOLDER [options]

Puts a backup in place of the data; the server must be stopped. What was there is kept beside it.
${COMMON}`,
  version: 'Usage: tonearm version',
  help: `Tonearm serves your music to Subsonic and OpenSubsonic clients.

Usage: tonearm --music DIR          serve the music in this folder
       tonearm COMMAND [options]

Commands:
  serve      serve music (what it does without a command)
  scan       look for new, changed and vanished files
  user       add, passwd, list, remove users; keys for their clients
  plugin     list, add, grant, enable, disable, reload, remove plugins; make, build and check them
  doctor     check that everything is well, and say what to do
  backup     copy database and keys
  restore    put a backup in place
  version    tell the version
  help       tell more about a command: tonearm help user`,
}

export function helpText(command: Command): string {
  return TEXTS[command]
}
