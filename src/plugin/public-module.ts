import { Type } from 'typebox'
import { API_VERSION, definePlugin } from './define.ts'

/** What `require('tonearm/plugin')` gives to a plugin: the run-time half of the public surface. */
export const PUBLIC_MODULE = Object.freeze({ API_VERSION, definePlugin, Type })
