/** The part that tests use; the package brings no types. */
declare module 'node-fetch' {
  interface Reply {
    readonly status: number
    arrayBuffer(): Promise<ArrayBuffer>
  }
  export default function fetch(
    url: string,
    options?: { readonly headers?: Record<string, string>; readonly agent?: import('node:http').Agent },
  ): Promise<Reply>
}
