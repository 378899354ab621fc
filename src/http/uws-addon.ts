import { AppError } from '../base/errors.ts'
import type { Uws } from './uws-types.ts'

/*
 * uWebSockets.js is not on npm: its author offers the builds on GitHub only, which npm installs from there by git. Two
 * packages repack them, neither with a signature or a statement of where its files were built. Each is an optional
 * dependency, and the lock file, which pins both by SHA-512, says for which Node and processor it is, so that npm fetches
 * the one that fits:
 *
 * - `uws-pack` 20.0.8 for Node 20 and 22: x64, arm64 and armhf, glibc 2.27 (armhf 2.28). Upstream's files before 20.51, which
 *   brought Node 23.
 * - `@btc-vision/uwebsockets.js` 20.57.0 for Node 24 and 25: x64 and arm64, glibc 2.38 (Debian 13, Ubuntu 24.04). It has
 *   builds for Node 20 and 22 too, which would not load on Debian 12 and the Raspberry Pi OS made from it.
 *
 * What was checked, on the files for Linux: the compilers and systems named in them are those of upstream's public workflow
 * of their time; of the C library both import the same functions for sockets, files and the environment, and none that
 * starts a program or loads a library; they name no address but those in certificates and tables of BoringSSL; they export
 * the same JavaScript names and read the same variable of the environment. The newer one's wrapper is upstream's but for
 * years and versions. The tests of the adapters pass on each. What could not be checked: that the bytes are upstream's.
 * Whoever wants to know compares them with the release of that number on GitHub.
 */
const PACKAGES = { until22: 'uWebSockets.js', from24: 'uws-node-24' } as const
/** NODE_MODULE_VERSION of Node 24. */
const ABI_24 = 137

/** The package with the addon for the Node that runs. */
export function uwsPackage(abi = process.versions.modules): string {
  return Number(abi) < ABI_24 ? PACKAGES.until22 : PACKAGES.from24
}

/** Hushes the header with uWS's name and version; the call is uWS's own way, and harmless where it is unknown. */
const NO_SERVER_HEADER = '999999990007'

/**
 * Loads the native addon. It reads its header limit from the environment once, when it loads: the first caller decides.
 * Rejects with UNSUPPORTED where no build fits (musl, Node versions without one).
 */
export async function loadUws(headerBytes: number): Promise<Uws> {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(headerBytes)
  try {
    const uws = (await import(uwsPackage())) as Uws
    uws._cfg?.(NO_SERVER_HEADER)
    return uws
  } catch (cause) {
    const where = `${process.platform} ${process.arch}, Node ${process.versions.node}`
    throw new AppError('UNSUPPORTED', `uWebSockets.js ${reasonOf(cause)} (${where})`, { cause })
  }
}

/** Why it did not load, for one line of the log. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  const library = /GLIBC(?:XX)?_[\d.]+/.exec(text)
  if (library) return `needs a newer C library: ${library[0]} is not here`
  if (/Cannot find package/.test(text))
    return 'is not installed: no build fits, or Node is another than at the last npm ci'
  return 'has no build that loads here'
}
