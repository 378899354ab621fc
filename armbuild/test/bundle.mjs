// Makes a bundle's settings those that compose.yaml asks for, on a port of the test's: bundle.mjs CONFIG MUSIC DATA
import { readFileSync, writeFileSync } from 'node:fs'

const [file, music, data] = process.argv.slice(2)
const config = JSON.parse(readFileSync(file, 'utf8'))
config.root.readonly = true
config.process.terminal = false
config.process.noNewPrivileges = true
config.process.capabilities = { bounding: [], effective: [], permitted: [] }
config.process.env.push('TONEARM_SERVER_PORT=4733', 'TONEARM_SERVER_HOST=127.0.0.1')
// The network of the host, so that the test reaches it; no cgroups, which a test machine may not have.
config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'network' && type !== 'cgroup')
delete config.linux.resources
config.mounts = config.mounts.filter(
  ({ type, destination }) => type !== 'cgroup' && destination !== '/music' && destination !== '/data',
)
config.mounts.push(
  { destination: '/music', type: 'bind', source: music, options: ['rbind', 'ro'] },
  { destination: '/data', type: 'bind', source: data, options: ['rbind', 'rw'] },
  { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] },
)
writeFileSync(file, JSON.stringify(config))
