/** ffmpeg.wasm is built with a stack of 64 KiB, which libopus overruns: the memory beside it is then damaged. */
const STACK_BYTES = 4 << 20
const ALIGNMENT = 16

/** Where the glue's minified exports hide the setter of the stack pointer. */
const SETTER = /stackRestore\s*=\s*Module\["asm"\]\["(\w+)"\]/

export interface StackOwner {
  readonly asm: Readonly<Record<string, unknown>>
  _malloc(bytes: number): number
}

/** Whether this build's glue tells how to give it a bigger stack; without one it can't encode Opus. */
export function canGiveStack(glue: string): boolean {
  return SETTER.test(glue)
}

/** Moves the core's stack into a roomy block of its own heap. Must happen before the first call of ffmpeg. */
export function giveStack(core: StackOwner, glue: string): void {
  const name = SETTER.exec(glue)?.[1]
  const setStackPointer = name === undefined ? undefined : core.asm[name]
  if (typeof setStackPointer !== 'function') return
  const bottom = core._malloc(STACK_BYTES)
  if (bottom === 0) return
  const top = bottom + STACK_BYTES
  setStackPointer(top - (top % ALIGNMENT))
}
