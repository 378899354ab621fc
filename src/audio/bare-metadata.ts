import type { IAudioMetadata, IFormat, ITag } from 'music-metadata'

/** What is known of a file that the tag parser doesn't read. `tags` by their names, of one kind. */
export function bareMetadata(format: Partial<IFormat>, kind = '', tags: readonly ITag[] = []): IAudioMetadata {
  return {
    format: { hasAudio: true, hasVideo: false, tagTypes: [], trackInfo: [], ...format },
    native: tags.length > 0 ? { [kind]: [...tags] } : {},
    quality: { warnings: [] },
    common: { track: { no: null, of: null }, disk: { no: null, of: null }, movementIndex: { no: null, of: null } },
  }
}
