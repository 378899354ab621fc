import { availableParallelism } from 'node:os'
import type { ProfileChange } from '../config/special-settings.ts'
import { DEFAULT_PROFILES, mergeProfiles, type TranscodeProfile } from './transcode/profiles.ts'

export interface MediaSettings {
  /** `auto`: native ffmpeg where there is one, else wasm. */
  readonly engine: 'auto' | 'native' | 'wasm' | 'off'
  /** A path, or a name that is looked for in the PATH. */
  readonly ffmpegPath: string
  /** Another `ffmpeg-core.js` than the installed one; '' = the installed one. */
  readonly wasmCorePath: string
  readonly profiles: readonly TranscodeProfile[]
  /** The profile for a client that only limits the bit rate, or asks for a format that we don't make. */
  readonly defaultFormat: string
  /** kbit/s for everybody; 0 = no limit. */
  readonly maxBitRate: number
  readonly maxJobs: number
  /** 0 = no limit of its own. */
  readonly maxJobsPerUser: number
  /** How many may wait for a place, and how long. */
  readonly maxWaiting: number
  readonly waitMs: number
  /** How long a job goes on after its last listener left. */
  readonly lingerMs: number
  readonly cacheDir: string
  /** 0 = converted songs are not kept. */
  readonly cacheBytes: number
  /** Scheduling priority of encoders, 0 to 19: answers come first. */
  readonly niceness: number
}

export type GivenMediaSettings = Partial<Omit<MediaSettings, 'profiles'>> & {
  readonly cacheDir: string
  /** Changes to the built-in profiles, and further ones. */
  readonly profiles?: readonly ProfileChange[]
}

const WAITING_PER_JOB = 8

/** Fills in what isn't given. `maxJobs` 0 and `ffmpegPath` '' mean the default too. */
export function createMediaSettings(given: GivenMediaSettings): MediaSettings {
  const maxJobs = given.maxJobs || Math.max(1, Math.floor(availableParallelism() / 2))
  return {
    engine: given.engine ?? 'auto',
    ffmpegPath: given.ffmpegPath || 'ffmpeg',
    wasmCorePath: given.wasmCorePath ?? '',
    profiles: given.profiles ? mergeProfiles(given.profiles) : DEFAULT_PROFILES,
    defaultFormat: given.defaultFormat ?? 'mp3',
    maxBitRate: given.maxBitRate ?? 0,
    maxJobs,
    maxJobsPerUser: given.maxJobsPerUser ?? 0,
    maxWaiting: given.maxWaiting ?? maxJobs * WAITING_PER_JOB,
    waitMs: given.waitMs ?? 15_000,
    lingerMs: given.lingerMs ?? 5_000,
    cacheDir: given.cacheDir,
    cacheBytes: given.cacheBytes ?? 100_000_000,
    niceness: given.niceness ?? 5,
  }
}
