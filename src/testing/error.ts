/** @file What a failed check throws. */
import { SluiceError } from "../ir/errors.ts";

/** An op that does not do what its definition says. */
export class CheckError extends SluiceError {}
