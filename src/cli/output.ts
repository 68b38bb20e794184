/**
 * @file A file that a command writes. Whether it can be is found out before there is anything to write: training first, and
 * then nowhere to put what came of it, would be a waste. It is there whole or not at all.
 */
import { accessSync, constants, existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { OptionError, SluiceError } from "../ir/errors.ts";
import { reasonOf } from "./reason.ts";

export interface Output {
  /** Returns how many bytes that were. Throws SluiceError SL8004. */
  write(text: string): number;
}

/** `name`: the path as it was given. Throws OptionError SL8003 where nothing can be written. */
export function outputFile(name: string, cwd: string): Output {
  const refuse = (what: string, hint: string) => new OptionError("SL8003", what, { subject: `--output ${name}`, hint });
  const seen = (path: string) => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      throw refuse(reasonOf(error), "give another one");
    }
  };
  const path = resolve(cwd, name);
  const folder = dirname(path);
  const shown = relative(cwd, folder) || ".";
  const home = seen(folder);
  if (!home) throw refuse(`there is no folder ${shown}`, `mkdir -p ${shown} makes it`);
  if (!home.isDirectory()) throw refuse(`${shown} is no folder`, "give another one");
  const file = seen(path);
  if (file?.isDirectory()) throw refuse("it is a folder", "give the name of a file in it");
  if (file && !writable(path)) throw refuse("it must not be written", "give another name, or chmod u+w");
  if (!file && !writable(folder))
    throw refuse(`the folder ${shown} must not be written to`, "give another one, or chmod u+w");
  return {
    write(text) {
      try {
        // A device or a pipe is not replaced, nor is a file in a folder that takes no other.
        if (file && !(file.isFile() && writable(folder))) writeFileSync(path, text);
        else replace(existsSync(path) ? realpathSync(path) : path, text);
      } catch (cause) {
        throw new SluiceError("SL8004", `it cannot be written: ${reasonOf(cause)}`, { subject: name, cause });
      }
      return Buffer.byteLength(text);
    },
  };
}

/** What was there stays until all is written. */
function replace(path: string, text: string): void {
  const beside = `${path}.${process.pid}.part`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
