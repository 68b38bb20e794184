/**
 * @file Prints "passed failed" from vitest's JSON report, and on stderr what failed, by name and first line. A file that
 * could not be loaded counts as one failed test.
 */
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const unloaded = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
console.log(report.numPassedTests, report.numFailedTests + unloaded.length);

const tell = (file, name, message = "") =>
  console.error(`FAILED ${file.name.replace(`${process.cwd()}/`, "")}${name}: ${message.split("\n", 3).join(" | ")}`);
for (const file of unloaded) tell(file, "", file.message);
for (const file of report.testResults)
  for (const test of file.assertionResults)
    if (test.status === "failed") tell(file, ` > ${test.fullName}`, test.failureMessages[0]);
