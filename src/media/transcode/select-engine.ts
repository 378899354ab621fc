import type { Logger } from '../../log/logger.ts'
import type { MediaSettings } from '../media-settings.ts'
import type { TranscodeEngine } from './engine.ts'
import { findNativeEngine } from './native-engine.ts'
import { findWasmEngine } from './wasm-engine.ts'

export interface EngineChoice {
  readonly settings: Pick<MediaSettings, 'engine' | 'ffmpegPath' | 'wasmCorePath' | 'niceness'>
  readonly log: Logger
  readonly wasmChildEntry?: string
}

const DEFAULT_FFMPEG = 'ffmpeg'

/** The engine of the setting. Undefined when it isn't there or switched off: songs are then sent as they are. */
export async function selectEngine(choice: EngineChoice): Promise<TranscodeEngine | undefined> {
  const { settings, log } = choice
  const found = await find(choice)
  if (found) log.info('Songs can be converted', { engine: found.name, version: found.version })
  else if (settings.engine !== 'off') {
    log.warn('No ffmpeg was found; songs are sent as they are', { wanted: settings.engine })
  }
  return found
}

async function find({ settings, log, wasmChildEntry }: EngineChoice): Promise<TranscodeEngine | undefined> {
  const { engine, ffmpegPath, wasmCorePath, niceness } = settings
  if (engine === 'auto' || engine === 'native') {
    const native = await findNativeEngine({ ffmpegPath, niceness })
    if (native) return native
    // Named by somebody, so its absence is a mistake; that there is no `ffmpeg` in the PATH is not.
    if (ffmpegPath !== DEFAULT_FFMPEG)
      log.warn('The ffmpeg of the settings is not there or does not run', { ffmpegPath })
  }
  if (engine !== 'auto' && engine !== 'wasm') return undefined
  return findWasmEngine({
    corePath: wasmCorePath,
    niceness,
    ...(wasmChildEntry === undefined ? {} : { childEntry: wasmChildEntry }),
  })
}
