// Writes an OCI image layout around one layer: oci-image.mjs LAYER.tar FOLDER ARCH VERSION. It holds Docker's manifest.json
// too, for `docker load` of older versions, and its HEALTHCHECK, which the OCI does not know.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const [layer, folder, arch, version] = process.argv.slice(2)
const SECOND_NS = 1e9
const blobs = join(folder, 'blobs', 'sha256')
mkdirSync(blobs, { recursive: true })

async function digestOf(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** A descriptor of what was put among the blobs. */
function putJson(mediaType, value) {
  const text = JSON.stringify(value)
  const digest = createHash('sha256').update(text).digest('hex')
  writeFileSync(join(blobs, digest), text)
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) }
}

async function putLayer(file) {
  const packed = join(folder, 'layer.tar.gz')
  await pipeline(createReadStream(file), createGzip({ level: 6 }), createWriteStream(packed))
  const digest = await digestOf(packed)
  const { size } = statSync(packed)
  renameSync(packed, join(blobs, digest))
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${digest}`, size }
}

const created = new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString()
const platform = {
  os: 'linux',
  ...(arch === 'armhf' ? { architecture: 'arm', variant: 'v7' } : { architecture: arch }),
}
const packed = await putLayer(layer)
const config = putJson('application/vnd.oci.image.config.v1+json', {
  created,
  ...platform,
  config: {
    User: '1000:1000',
    ExposedPorts: { '4533/tcp': {} },
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NODE_ENV=production'],
    Entrypoint: ['/opt/tonearm/container/entry.sh'],
    Cmd: ['serve'],
    Volumes: { '/data': {}, '/music': {} },
    WorkingDir: '/data',
    StopSignal: 'SIGTERM',
    Labels: { 'org.opencontainers.image.title': 'Tonearm', 'org.opencontainers.image.version': version },
    Healthcheck: {
      Test: ['CMD', '/opt/tonearm/container/healthy.sh'],
      Interval: 60 * SECOND_NS,
      Timeout: 10 * SECOND_NS,
      StartPeriod: 60 * SECOND_NS,
    },
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${await digestOf(layer)}`] },
  history: [{ created, created_by: 'armbuild/build.sh' }],
})
const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const manifest = putJson(mediaType, { schemaVersion: 2, mediaType, config, layers: [packed] })
const annotations = { 'org.opencontainers.image.ref.name': version }
writeFileSync(
  join(folder, 'index.json'),
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...manifest, platform, annotations }],
  }),
)
writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
const path = ({ digest }) => `blobs/sha256/${digest.slice('sha256:'.length)}`
writeFileSync(
  join(folder, 'manifest.json'),
  JSON.stringify([
    { Config: path(config), RepoTags: [`tonearm:${version}`, 'tonearm:latest'], Layers: [path(packed)] },
  ]),
)
