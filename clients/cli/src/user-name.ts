import { userInfo } from 'node:os';

/** The name that answers are signed with unless another is given. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
