/** `Content-Disposition: attachment` for a name in any script (RFC 6266): an ASCII stand-in and the name itself. */
export function attachment(name: string): string {
  const safe = name.replace(/[\x00-\x1f\x7f/\\]|\p{Surrogate}/gu, '_')
  const ascii = safe.replace(/[^\x20-\x7e]/gu, '_').replace(/["%]/g, '_')
  const encoded = encodeURIComponent(safe).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return ascii === safe
    ? `attachment; filename="${ascii}"`
    : `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
