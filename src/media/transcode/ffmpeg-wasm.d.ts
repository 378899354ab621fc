// ffmpeg.wasm's own types assume a browser and would pull its globals into every file of ours; this is what we use of it.

declare module '@ffmpeg/ffmpeg/worker' {}
