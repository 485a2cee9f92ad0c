const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'this process has too many open files; raise the limit (ulimit -n)',
  ENFILE: 'the system has too many open files',
  ENOMEM: 'out of memory',
  EIO: 'the disk failed to read or write',
  EBUSY: 'another program is using it',
  EEXIST: 'it exists already',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'symbolic links go in a circle',
  EFBIG: 'the file would be larger than allowed',
  ENOTSUP: 'the file system does not support it',
  EOPNOTSUPP: 'the file system does not support it',
  EADDRINUSE: 'another program is using the address',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was lost',
  ENOTFOUND: 'the host name cannot be resolved',
  ETIMEDOUT: 'it timed out',
};

/** Whether an error comes from the operating system rather than from a fault in a program. */
export function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException & { readonly syscall: string } {
  return thrown instanceof Error && 'syscall' in thrown && typeof thrown.syscall === 'string' && 'code' in thrown;
}

/** Describes an operating system error, or returns its code. */
export function systemReason(cause: unknown): string {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  return reasons[code] ?? code;
}
