import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileSystemOf, isNetworkFileSystem, isWatchable, mountedType } from '../../src/base/file-system.ts'

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,noatime shared:1 master:2 - ext4 /dev/root rw
40 27 0:45 / /mnt/nas\\040music rw - nfs4 nas:/music rw,vers=4.2
41 27 0:451 / /mnt/pi rw - fuse.sshfs pi:/music rw
42 27 259:65537 / /mnt/disk rw - btrfs /dev/nvme0n1p1 rw
`

test('what a folder lies on is read from the table of mounts', () => {
  const makedev = (major: number, minor: number) =>
    Number((BigInt(major) << 8n) | BigInt(minor & 0xff) | (BigInt(minor & 0xfffff00) << 12n))
  assert.equal(mountedType(MOUNTS, makedev(254, 0)), 'ext4')
  assert.equal(mountedType(MOUNTS, makedev(0, 45)), 'nfs4')
  assert.equal(mountedType(MOUNTS, makedev(0, 451)), 'fuse.sshfs')
  assert.equal(mountedType(MOUNTS, makedev(259, 65537)), 'btrfs')
  assert.equal(mountedType(MOUNTS, makedev(0, 4)), '')
  assert.equal(mountedType('', makedev(254, 0)), '')
})

test('the system is asked about a folder', async () => {
  await assert.rejects(fileSystemOf('/no/such/folder'), { code: 'ENOENT' })
  if (existsSync('/proc/self/mountinfo')) assert.equal(await fileSystemOf('/proc/self'), 'proc')
  assert.equal(isNetworkFileSystem(await fileSystemOf(import.meta.dirname)), false)
})

test('network file systems are known by name, below FUSE too', () => {
  for (const type of [
    'nfs',
    'nfs4',
    'cifs',
    'smb3',
    '9p',
    'afs',
    'ceph',
    'fuse.sshfs',
    'fuse.glusterfs',
    'fuse.rclone',
  ])
    assert.deepEqual([isNetworkFileSystem(type), isWatchable(type)], [true, false], type)
  for (const type of ['ext4', 'btrfs', 'xfs', 'zfs', 'f2fs', 'overlay', 'tmpfs', 'vfat', 'exfat', 'ntfs3', 'apfs', ''])
    assert.deepEqual([isNetworkFileSystem(type), isWatchable(type)], [false, true], type)
  // Not of another machine, but what changes below them is not heard of.
  for (const type of ['fuse', 'fuseblk', 'fuse.mergerfs', 'virtiofs'])
    assert.deepEqual([isNetworkFileSystem(type), isWatchable(type)], [false, false], type)
})
