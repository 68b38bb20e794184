/** @file Why a file could not be read or written, in words. */

const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "it is a folder",
  EACCES: "this user must not",
  EPERM: "this user must not",
  EROFS: "its disk is read-only",
  ENOSPC: "its disk is full",
};

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return words[code ?? ""] ?? message;
}
