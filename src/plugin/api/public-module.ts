import * as surface from './define.ts'

/** What `require('tonearm/plugin')` gives to a plugin: the run-time half of the public surface. */
export const PUBLIC_MODULE: Readonly<typeof surface> = Object.freeze({ ...surface })
