/**
 * The two parts of web-push that make a request. Its main file brings an HTTP client and a proxy agent, and with them
 * built-in modules that no channel should ask for.
 */
declare module 'web-push/src/vapid-helper.js' {
  /** Valid for 12 hours by this machine's clock. Throws an Error for keys, subjects and audiences that are not valid. */
  export function getVapidHeaders(
    audience: string,
    subject: string,
    publicKey: string,
    privateKey: string,
    contentEncoding: 'aes128gcm',
  ): { readonly Authorization: string }
}

declare module 'web-push/src/encryption-helper.js' {
  /** Throws an Error for keys that are not valid. */
  export function encrypt(
    p256dh: string,
    auth: string,
    payload: Buffer,
    contentEncoding: 'aes128gcm',
  ): { readonly cipherText: Buffer<ArrayBuffer> }
}
