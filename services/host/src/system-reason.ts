const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** Describes an operating system error, or returns its code. */
export function systemReason(cause: unknown): string {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  return reasons[code] ?? code;
}
