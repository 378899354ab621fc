import { AppError } from '../base/errors.ts'

export type Uws = typeof import('uWebSockets.js')
export type { HttpRequest as UwsRequest, HttpResponse as UwsResponse } from 'uWebSockets.js'

/** Hushes the header with uWS's name and version; the call is uWS's own way, and harmless where it is unknown. */
const NO_SERVER_HEADER = '999999990007'

/**
 * Loads the native addon. It reads its header limit from the environment once, when it loads: the first caller decides.
 * Rejects with UNSUPPORTED where no build fits (musl, Node versions without one).
 */
export async function loadUws(headerBytes: number): Promise<Uws> {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(headerBytes)
  try {
    const uws = await import('uWebSockets.js')
    const { _cfg: configure } = uws as Uws & { readonly _cfg?: (key: string) => void }
    configure?.(NO_SERVER_HEADER)
    return uws
  } catch (cause) {
    const where = `${process.platform} ${process.arch}, Node ${process.versions.node}`
    throw new AppError('UNSUPPORTED', `uWebSockets.js has no build for ${where}`, { cause })
  }
}
