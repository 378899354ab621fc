import { readFile, stat } from 'node:fs/promises'

/** Served by another machine, or by the host of a virtual one; below FUSE by the name of the program that does it. */
const NETWORK = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'ncpfs', '9p', 'afs', 'coda', 'ceph', 'ceph-fuse', 'lustre'],
  ...['glusterfs', 'beegfs', 'orangefs', 'pvfs2', 'moosefs', 'mfs', 'juicefs', 'seaweedfs', 'davfs', 'davfs2'],
  ...['sshfs', 'smbnetfs', 'curlftpfs', 'rclone', 's3fs', 'goofys', 'geesefs', 'gcsfuse', 'mount-s3', 'blobfuse2'],
  ...['gvfsd-fuse', 'kio-fuse', 'google-drive-ocamlfuse', 'vboxsf', 'vmhgfs', 'vmhgfs-fuse', 'prl_fs', 'drvfs'],
])

/**
 * What a folder lies on, as the system calls it: `ext4`, `nfs4`, `fuse.sshfs`; '' where it does not tell (not Linux).
 * Rejects with the system's error when the folder is not there.
 */
export async function fileSystemOf(folder: string): Promise<string> {
  const { dev } = await stat(folder)
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return mountedType(mounts, dev)
}

/** Lines such as `36 35 98:0 /sub /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw`; '' when none is of the device. */
export function mountedType(mountinfo: string, device: number): string {
  const wanted = ` ${deviceName(device)} `
  const line = mountinfo.split('\n').find((text) => text.includes(wanted))
  return line?.split(' - ')[1]?.split(' ')[0] ?? ''
}

/** A database breaks there. */
export function isNetworkFileSystem(type: string): boolean {
  return NETWORK.has(type.replace(/^fuse\./, ''))
}

/** Whether the kernel hears of all changes: not of other machines', nor of those below what a program lays over folders. */
export function isWatchable(type: string): boolean {
  return !isNetworkFileSystem(type) && !/^(?:fuse|virtiofs)/.test(type)
}

/** `major:minor`: Linux packs 12 bits of the one between the last byte of the other and its higher ones. */
function deviceName(device: number): string {
  const packed = BigInt(device)
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & 0xfffff000n)
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffffff00n)
  return `${major}:${minor}`
}
