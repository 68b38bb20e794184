/**
 * @file Completes `package-lock.json` after `npm install`. Packages for other platforms that the registry at hand does
 * not carry (mirrors often leave them out) are missing from the lock file that npm writes, and `npm ci` then refuses
 * it everywhere. This adds what their parents ask for, with the platform that the name tells, so that `npm ci` skips
 * them here and fetches them there. Run it as `npm run lock`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Locked {
  version?: string;
  dev?: true;
  optional?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPUS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const LIBCS: Readonly<Record<string, string>> = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** The entries that are asked for as optional dependencies, exactly pinned, and not there. */
export function missingPlatforms(packages: Readonly<Record<string, Locked>>): Record<string, Locked> {
  const missing: Record<string, Locked> = {};
  for (const [path, parent] of Object.entries(packages))
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      const words = name.split(/[/-]/);
      const os = words.filter((word) => SYSTEMS.includes(word));
      if (packages[key] || packages[`${path}/${key}`] || !/^\d/.test(version) || os.length === 0) continue;
      const libc = words.flatMap((word) => LIBCS[word] ?? []);
      missing[key] = {
        version,
        cpu: words.filter((word) => CPUS.includes(word)),
        ...(parent.dev && { dev: true }),
        ...(os.includes("linux") && libc.length > 0 && { libc }),
        optional: true,
        os,
      };
    }
  return missing;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(import.meta.dirname, "..", "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingPlatforms(lock.packages);
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${Object.keys(missing).length} packages of other platforms added`);
}
